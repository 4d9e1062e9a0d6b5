"""How the result of ``leadline doctor`` looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from leadline.sync.doctor import Examination
from leadline.sync.doctor.findings import SEVERITIES, Finding

if TYPE_CHECKING:
    from rich.console import Console

_STYLES: Final = {"error": "red", "warning": "yellow", "note": "dim"}


def doctor_data(found: Examination) -> dict[str, Any]:
    """Return the result for machines."""
    crms = {
        crm: {
            "organisation": seen.signed.organisation if seen.signed else None,
            "user": seen.signed.user if seen.signed else None,
            "version": seen.signed.version if seen.signed else None,
            "clock_skew_seconds": round(seen.skew.total_seconds()) if seen.signed else None,
            "calls_used": seen.usage.used,
            "calls_allowed": seen.usage.limit,
            "calls_made": seen.calls,
            "needs": found.needs[crm],
        }
        for crm, seen in found.seen.items()
    }
    counts = {severity: sum(one.severity == severity for one in found.findings) for severity in SEVERITIES}
    return {"ok": found.ok, "crms": crms, "counts": counts, "findings": list(found.findings)}


def render_doctor(console: Console, found: Examination) -> None:
    """Print each CRM in a line, then the findings, the gravest first."""
    for crm, seen in found.seen.items():
        if seen.signed is None:
            console.print(f"{crm}: not signed in", markup=False)
            continue
        who = f", as {seen.signed.user}" if seen.signed.user else ""
        of = f", {seen.usage.used:,} of {seen.usage.limit:,} calls used" if seen.usage.limit else ""
        told = f"{crm}: {seen.signed.organisation}{who}; {found.needs[crm]} needs examined in {seen.calls} calls{of}"
        console.print(told, markup=False)
    for one in found.findings:
        console.print()
        _render(console, one)
    console.print()
    counts = [f"{sum(one.severity == name for one in found.findings)} {name}s" for name in SEVERITIES]
    console.print(", ".join(counts) + (": the book can do its work." if found.ok else "."), markup=False)


def _render(console: Console, one: Finding) -> None:
    console.print(
        f"{one.severity:<7}  {one.crm}  {one.message}  [{one.id}]", markup=False, style=_STYLES[one.severity]
    )
    if one.why:
        console.print(f"         needed for: {one.why}", markup=False)
    console.print(f"         {one.click}", markup=False)
