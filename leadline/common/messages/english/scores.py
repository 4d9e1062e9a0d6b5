"""What a score's lines come from and what cuts their sum."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, str | tuple[str, str]]] = {
    "counted.none": "none counted",
    "counted.times": "{count} counted",
    "counted.days": ("{count} day counted", "{count} days counted"),
    "counted.band": "{counted} (`{band}`)",
    "limit.group": "group {group} limited from {points} to {kept}",
    "limit.floor": "raised from {points} to the floor {kept}",
    "limit.cap": "limited from {points} to the cap {kept}",
}
