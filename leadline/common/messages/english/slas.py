"""What is said of SLAs and of their timers."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, str | tuple[str, str]]] = {
    "sla.running": "running",
    "sla.paused": "paused",
    "sla.met": "met",
    "sla.breached": "breached",
    "sla.void": "void",
    "test.sla": "{sla} {states}",
    "test.sla.between": " or ",
    "test.sla.reached": "{sla} reached {share}%",
    "seen.sla": "{sla} is {state}",
    "seen.no_sla": "{sla} did not start",
    "next.sla": "{sla} {before} -> {after}",
    "next.sla.due": "{sla} due",
    "next.sla.rung": "{sla} reaches {share}%",
    "explain.sla": "{sla} {state}: {parts}",
    "explain.sla.between": ", ",
    "explain.sla.started": "started {at}",
    "explain.sla.target": "{target} by calendar {calendar}",
    "explain.sla.target.always": "{target}",
    "explain.sla.used": "{used} used",
    "explain.sla.still": "{still} paused",
    "explain.sla.since": "paused since {at}",
    "explain.sla.due": "due {at}",
    "explain.sla.never": "never due: the calendar does not open long enough",
    "explain.sla.left": "{left} left",
    "explain.sla.over": "{over} over",
    "explain.sla.rung": "{share}% at {at}",
    "explain.sla.ended": "ended {at}",
    "explain.sla.kept": "due as the book before {at} said",
    "explain.sla.corrected": "a breach was told; by what is known now there was none",
}
