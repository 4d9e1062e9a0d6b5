"""`leadline due` and `leadline elapsed`: one question to a calendar, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from leadline.common.bookfiles import read_bounded
from leadline.common.errors import BookError, Problem, RefusedError, UsageError
from leadline.common.instants import read_instant
from leadline.common.yamltree import MAX_BYTES
from leadline.rules.business_time import Calendar, Pause, Target, Unit, add, elapsed, parse_target, read_calendars
from leadline.rules.nearest import nearest
from leadline.terminal.screen import Screen

if TYPE_CHECKING:
    from rich.console import Console

STILL = ".."
"""What stands for the end of a pause that still lasts."""


def run_due(screen: Screen, file: Path, name: str | None, start: datetime, target: str, pauses: Sequence[str]) -> int:
    """Show when ``target`` is reached from ``start``; return the exit code, 1 when it never is.

    Raises BookError for a file of calendars that cannot be read, UsageError for a target, pause or name that is none.
    """
    calendar = _calendar(file, name)
    goal, away = _target(target), [_pause(pause) for pause in pauses]
    due = add(calendar, start, goal, away)
    data = {
        **_asked(calendar, start, away),
        "target": target.strip(),
        "unit": goal.unit.value,
        "due": due,
        "local": _local(calendar, due),
        "remarks": _remarks(calendar, (start, due), goal.unit),
    }
    screen.result(data, lambda console: _render_due(console, calendar, data, due))
    return RefusedError.exit_code if due is None else 0


def run_elapsed(
    screen: Screen, file: Path, name: str | None, start: datetime, end: datetime, pauses: Sequence[str]
) -> int:
    """Show the business time from ``start`` to ``end``, and return the exit code.

    Raises BookError for a file of calendars that cannot be read, UsageError for a pause or name that is none.
    """
    calendar = _calendar(file, name)
    away = [_pause(pause) for pause in pauses]
    passed = elapsed(calendar, start, end, away)
    data = {
        **_asked(calendar, start, away),
        "to": end,
        "elapsed": passed,
        "microseconds": passed // timedelta(microseconds=1),
        "remarks": _remarks(calendar, (start, end), Unit.BUSINESS_TIME),
    }
    screen.result(data, lambda console: _render_elapsed(console, calendar, data, passed))
    return 0


def length_text(span: timedelta) -> str:
    """Write a length as ``26 h 30 min``, to the microsecond; below zero with a sign."""
    if span < timedelta(0):
        return "-" + length_text(-span)
    seconds, fraction = divmod(span // timedelta(microseconds=1), 1_000_000)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    exact = f"{seconds}.{fraction:06}".rstrip("0") if fraction else str(seconds)
    parts = [(str(hours), "h"), (str(minutes), "min"), (exact, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number != "0") or "0 min"


def _calendar(file: Path, name: str | None) -> Calendar:
    try:
        data = read_bounded(file, MAX_BYTES)
    except OSError as error:
        raise BookError([Problem(str(file), 0, 0, f"cannot be read: {error.strerror}", code="unreadable")]) from None
    if data is None:
        message = f"the file is larger than {MAX_BYTES:,} bytes, which is the most that is read"
        raise BookError([Problem(str(file), 0, 0, message, code="too-large")])
    calendars = read_calendars(str(file), data)
    if name is None and len(calendars) == 1:
        return next(iter(calendars.values()))
    if name is None:
        raise UsageError(f"{file} has several calendars; give --name, {nearest('', calendars, few=len(calendars))}")
    if name not in calendars:
        hint = nearest(name, calendars)
        raise UsageError(f"{file} has no calendar `{name}`" + (f" ({hint})" if hint else ""))
    return calendars[name]


def _target(text: str) -> Target:
    try:
        return parse_target(text)
    except ValueError as error:
        raise UsageError(f"--target: {error}") from None


def _pause(text: str) -> Pause:
    start, slash, end = text.partition("/")
    if not slash:
        raise UsageError(f"--pause is FROM/TO, two instants, or FROM/{STILL} for one that still lasts")
    try:
        pause = read_instant(start)[0], None if end.strip() == STILL else read_instant(end)[0]
    except ValueError as error:
        raise UsageError(f"--pause: {error}") from None
    if pause[1] is not None and pause[1] < pause[0]:
        raise UsageError("--pause: a pause ends before it begins")
    return pause


def _asked(calendar: Calendar, start: datetime, pauses: Sequence[Pause]) -> dict[str, Any]:
    listed = [{"from": low, "to": high} for low, high in pauses]
    return {"calendar": calendar.name, "zone": calendar.zone, "from": start, "pauses": listed}


def _local(calendar: Calendar, at: datetime | None) -> str | None:
    """Return an instant in the calendar's zone; None also where no wall clock can show it (after the year 9999)."""
    try:
        return None if at is None else at.astimezone(ZoneInfo(calendar.zone)).isoformat()
    except OverflowError:
        return None


def _remarks(calendar: Calendar, instants: Sequence[datetime | None], unit: Unit) -> list[str]:
    remarks = []
    if unit is Unit.CLOCK_TIME:
        remarks.append("hours and minutes without `business` are time on the clock; the calendar was not asked")
    years = calendar.holiday_years
    if years is not None and any(at is not None and not years[0] <= at.year <= years[1] for at in instants):
        remarks.append(f"holidays are known from {years[0]} to {years[1]} only")
    return remarks


def _render_due(console: Console, calendar: Calendar, data: dict[str, Any], due: datetime | None) -> None:
    if due is None:
        console.print(f"Never: {data['target']} from {_shown(calendar, data['from'])} are not reached.", markup=False)
    else:
        console.print(f"Due {_shown(calendar, due)}", markup=False)
        console.print(f"{data['target']} from {_shown(calendar, data['from'])} in {calendar.name}", markup=False)
    for remark in data["remarks"]:
        console.print(f"Note: {remark}.", markup=False)


def _render_elapsed(console: Console, calendar: Calendar, data: dict[str, Any], passed: timedelta) -> None:
    console.print(f"{length_text(passed)} of business time in {calendar.name}", markup=False)
    console.print(f"from {_shown(calendar, data['from'])} to {_shown(calendar, data['to'])}", markup=False)
    for remark in data["remarks"]:
        console.print(f"Note: {remark}.", markup=False)


def _shown(calendar: Calendar, at: datetime) -> str:
    try:
        local = at.astimezone(ZoneInfo(calendar.zone))
    except OverflowError:
        return at.isoformat()
    exact = local.isoformat(sep=" ", timespec="auto" if local.microsecond or local.second else "minutes")
    return f"{local:%a} {exact} {calendar.zone}"
