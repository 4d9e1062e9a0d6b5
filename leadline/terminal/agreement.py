"""How conflicts and disagreements look: values masked, reasons in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from leadline.common.canonical import plain
from leadline.common.masking import mask
from leadline.sync.conflicts.listing import ConflictReport, ConflictTold, masked_value
from leadline.sync.drift import BY_DESIGN, WORDS, DriftReport
from leadline.sync.identity.doubts import DoubtReport
from leadline.terminal.tables import table

if TYPE_CHECKING:
    from rich.console import Console

MOST_SHOWN: Final = 20


def conflicts_data(found: ConflictReport) -> dict[str, Any]:
    """Return conflicts for machines, values and authors masked."""
    return {
        "ok": not found.fights,
        "conflicts": [
            {
                "record": str(item.conflict.ref),
                "person": item.person,
                "field": item.conflict.field,
                "ours": masked_value(item.conflict.ours),
                "theirs": masked_value(item.conflict.theirs),
                "at": plain(item.conflict.at),
                "who": item.who,
                "author": mask(item.conflict.author),
                "policy": item.policy,
                "became": item.became,
                "became_at": plain(item.at),
                "why": item.why,
            }
            for item in found.conflicts
        ],
        "fights": plain(list(found.fights)),
    }


def render_conflicts(console: Console, found: ConflictReport) -> None:
    """Print fights first, then conflicts, newest first."""
    if not found.conflicts:
        console.print("Nobody changed a value that Leadline wrote.")
        return
    for fight in found.fights:
        console.print(f"{fight.message}.", markup=False)
    rows = [
        (item.conflict.at, str(item.conflict.ref), item.conflict.field, masked_value(item.conflict.ours),
         masked_value(item.conflict.theirs), _who(item), _became(item))
        for item in found.conflicts[:MOST_SHOWN]
    ]  # fmt: skip
    console.print(table(["when", "record", "field", "ours", "theirs", "by", "what became of it"], rows))
    if len(found.conflicts) > MOST_SHOWN:
        console.print(f"... and {len(found.conflicts) - MOST_SHOWN:,} more; `--json` lists them all.")


def drift_data(found: DriftReport) -> dict[str, Any]:
    """Return disagreements for machines, values masked."""
    return {
        "ok": found.agreed,
        "as_of": plain(found.as_of),
        "people": found.people,
        "by_why": found.by_why,
        "apart": plain(found.apart),
        "waiting": found.waiting,
        "stops": list(found.stops),
        "disagreements": [
            {
                "person": item.person,
                "record": str(item.ref),
                "field": item.field,
                "shown": masked_value(item.shown),
                "decided": masked_value(item.decided),
                "why": item.why,
                "by_design": item.by_design,
                "detail": item.detail,
            }
            for item in found.disagreements
        ],
    }


def render_drift(console: Console, found: DriftReport) -> None:
    """Print how many fields disagree for which reason, and the first of those to look after."""
    console.print(f"{found.people:,} people compared, as of {found.as_of:%Y-%m-%d %H:%M}Z.", markup=False)
    if found.waiting:
        console.print(f"{found.waiting:,} records changed since; the next run looks at them.")
    for stop in found.stops:
        console.print(f"The plan was stopped by {stop}.", markup=False)
    if not found.disagreements:
        console.print("Every record shows what was decided.")
        return
    rows = [(why, count, "yes" if why in BY_DESIGN else "", WORDS[why]) for why, count in found.by_why.items()]
    console.print(table(["reason", "fields", "by design", "what it means"], rows, right=(1,)))
    if found.apart:
        console.print(f"{len(found.apart):,} people show another stage in each CRM.")
    wrong = [item for item in found.disagreements if not item.by_design]
    shown = [
        (item.person, str(item.ref), item.field, masked_value(item.shown), masked_value(item.decided), item.why)
        for item in wrong[:MOST_SHOWN]
    ]
    if shown:
        console.print(table(["person", "record", "field", "shows", "decided", "reason"], shown))
    if len(wrong) > MOST_SHOWN:
        console.print(f"... and {len(wrong) - MOST_SHOWN:,} more; `--json` lists them all.")


def identity_data(found: DoubtReport) -> dict[str, Any]:
    """Return doubtful joins for machines: ids only."""
    return {
        "ok": True,
        "people": found.people,
        "joined": plain(found.joined),
        "doubtful": found.doubts,
        "twins": [
            {"person": item.person, "crm": item.crm, "records": [str(ref) for ref in item.records]}
            for item in found.twins
        ],
        "shared_addresses": {local: list(people) for local, people in found.shared.items()},
        "different_last_names": found.other_names,
    }


def render_identity(console: Console, found: DoubtReport) -> None:
    """Print how many joins are doubtful and why, with the first of them."""
    ways = ", ".join(f"{count:,} {why}" for why, count in found.joined.items())
    console.print(f"{found.people:,} people ({ways}); {found.doubts:,} doubtful.", markup=False)
    if found.twins:
        console.print(f"{len(found.twins):,} times several records of one CRM have one address; merge them there:")
        rows = [(item.person, item.crm, ", ".join(f"{ref.object}/{ref.id}" for ref in item.records))
                for item in found.twins[:MOST_SHOWN]]  # fmt: skip
        console.print(table(["person", "CRM", "records"], rows))
    for local, people in found.shared.items():
        first = ", ".join(people[:5]) + (" ..." if len(people) > 5 else "")
        console.print(f"{len(people):,} persons are joined through {local}@, which many share: {first}", markup=False)
    if found.shared:
        told = ", ".join(found.shared)
        console.print(
            f"To keep such records apart: `identity: {{email: {{never: [{told}]}}}}` in the book.", markup=False
        )
    if found.other_names:
        console.print(f"{found.other_names:,} persons were joined through e-mail only and have different last names.")
    if found.other_names is None:
        console.print("Last names are not read; the section `identity` in the book lets them be compared.")


def _who(item: ConflictTold) -> str:
    name = mask(item.conflict.author)
    return f"{name} ({item.who})" if name else item.who


def _became(item: ConflictTold) -> str:
    if item.became == "written over":
        return f"written over {item.at:%Y-%m-%d %H:%M}Z"
    if item.became == "stands":
        return f"stands until {item.at:%Y-%m-%d %H:%M}Z" if item.at is not None else f"stands: {item.why}"
    words = {
        "open": "the next plan writes ours",
        "agreed": "the same was decided since",
        "gone": "the record is gone",
    }
    return words.get(item.became, item.became)
