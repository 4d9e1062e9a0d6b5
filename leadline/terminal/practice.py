"""`leadline practice`: run the practice CRMs and say how to reach them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.common.canonical import instant_text
from leadline.terminal.screen import Screen

if TYPE_CHECKING:
    from rich.console import Console

    from leadline.connectors.practice.organisation import Organisation
    from leadline.connectors.practice.serving import Practice


def run_practice(
    screen: Screen, data: Path | None, save: Path | None, faults: Path | None, chosen: Mapping[str, Any]
) -> None:
    """Serve until a signal, or write the organisation to ``save`` and end.

    ``chosen`` are the other options of the verb: people, seed, frozen, bare and the two ports.
    """
    from leadline.connectors.practice.faults import load_faults
    from leadline.connectors.practice.harness import PracticeOptions
    from leadline.connectors.practice.serving import serve_forever

    organisation = _organisation(data, chosen)
    if save is not None:
        _save(screen, organisation, save)
        return
    serve_forever(
        lambda practice: _announce(screen, practice),
        organisation=organisation,
        seed=chosen["seed"],
        faults=load_faults(faults) if faults else None,
        frozen=chosen["frozen"],
        options=PracticeOptions(bare=chosen["bare"]),
        salesforce_port=chosen["salesforce_port"],
        hubspot_port=chosen["hubspot_port"],
    )
    screen.note("Stopped.")


def _organisation(data: Path | None, chosen: Mapping[str, Any]) -> Organisation:
    if data is not None:
        from leadline.connectors.practice.files import load_organisation

        return load_organisation(data)
    from leadline.connectors.practice.generate import generate

    return generate(seed=chosen["seed"], people=chosen["people"])


def _save(screen: Screen, organisation: Organisation, save: Path) -> None:
    from leadline.connectors.practice.files import save_organisation

    save_organisation(organisation, save)
    screen.result(
        {"ok": True, "directory": str(save), "people": len(organisation.people)},
        lambda console: console.print(f"{len(organisation.people):,} people written to {save}", markup=False),
    )


def _announce(screen: Screen, practice: Practice) -> None:
    environment = practice.environment()
    facts = {
        "ok": True,
        "salesforce": practice.salesforce_url,
        "hubspot": practice.hubspot_url,
        "people": len(practice.organisation.people),
        "now": instant_text(practice.clock.now()),
        "environment": environment,
    }

    def render(console: Console) -> None:
        console.print(f"Practice Salesforce {practice.salesforce_url}", markup=False)
        console.print(f"Practice HubSpot    {practice.hubspot_url}", markup=False)
        console.print(f"{facts['people']:,} people; their clock says {facts['now']}.", markup=False)
        console.print("For `leadline` in another terminal:\n", markup=False)
        for name, value in environment.items():
            console.print(f"export {name}={value}", markup=False)
        console.print("\nCtrl-C ends both.", markup=False)

    screen.result(facts, render)
