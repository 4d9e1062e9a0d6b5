"""How the result of ``leadline setup`` looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from leadline.common.errors import LeadlineError
from leadline.common.masking import mask_address
from leadline.sync.setup import Step

if TYPE_CHECKING:
    from rich.console import Console

    from leadline.connectors.installing import Part

_WORDS: Final = {
    "there": "there",
    "ours": "there, made by an earlier setup",
    "missing": "would be made",
    "made": "made",
    "removed": "removed",
}


def setup_data(
    steps: Sequence[Step], *, removing: bool, applied: bool, broken: LeadlineError | None = None
) -> dict[str, Any]:
    """Return the result for machines; ``broken`` ended it behind the last of these steps."""
    parts = [{"crm": step.crm, "part": step.part, "standing": step.standing} for step in steps]
    changes = [step for step in steps if step.standing in {"made", "removed"}]
    told = {"applied": applied, "removing": removing, "changes": len(changes), "parts": parts}
    return {"ok": broken is None, **told} | ({} if broken is None else {"error": mask_address(str(broken))})


def render_setup(
    console: Console, steps: Sequence[Step], *, removing: bool, applied: bool, broken: LeadlineError | None = None
) -> None:
    """Print each part with how it stands, and what comes next; ``broken`` ended it behind the last one."""
    if not steps and broken is None:
        console.print("Nothing: no setup made anything here." if removing else "Nothing: the book writes to no CRM.")
        return
    for step in steps:
        word = "would be removed, with all its values" if removing and not applied else _WORDS[step.standing]
        about = f"  ({_about(step.definition)})" if step.definition is not None and step.standing == "missing" else ""
        console.print(f"{step.crm:<10}  {step.part}: {word}{about}", markup=False)
    if broken is not None:
        _render_broken(console, steps, removing=removing)
        return
    console.print()
    missing = sum(step.standing == "missing" for step in steps)
    changed = sum(step.standing in {"made", "removed"} for step in steps)
    if applied:
        console.print(f"{changed} {'removed' if removing else 'made'}. Next: `leadline doctor`.", markup=False)
        granted = any(step.crm == "salesforce" and step.part.startswith("assignment") for step in steps)
        if not removing and not granted and any(step.crm == "salesforce" for step in steps):
            console.print("The permission set reaches nobody by itself: name the integration user with `--user`.")
    elif removing:
        console.print("Nothing was changed. `leadline setup --remove --apply` removes them.", markup=False)
    elif missing:
        told = f"Nothing was changed. `leadline setup --apply` makes {missing};"
        console.print(f"{told} `--sfdx DIR` writes Salesforce's to files.", markup=False)
    else:
        console.print("Everything is there.")


def _render_broken(console: Console, steps: Sequence[Step], *, removing: bool) -> None:
    changed = sum(step.standing in {"made", "removed"} for step in steps)
    word = "removed" if removing else "made"
    undo = "" if removing or not changed else " `leadline setup --remove --apply` takes them back."
    console.print(
        f"It broke off: {changed} {word}, what is not listed is as it was. Run it again and it goes on.{undo}",
        markup=False,
    )


def _about(part: Part) -> str:
    if part.kind == "field":
        more = {"picklist": ", ".join(part.options), "text": str(part.length), "number": f"18,{part.scale}"}
        key = ", unique, external id" if part.unique else ""
        return f"{part.type} {more.get(part.type, '')}".rstrip() + key
    return ", ".join(part.rights) or part.label
