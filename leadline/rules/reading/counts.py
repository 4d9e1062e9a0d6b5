"""How often something is counted: `at_least`, `at_most`, or `between` with both ends."""

from __future__ import annotations

from typing import Final

from leadline.common.marks import Mark
from leadline.rules.reading.conditions import Conditions, Keys

MOST_COUNTED: Final = 100_000


def ends(reader: Conditions, keys: Keys, mark: Mark) -> tuple[int, int | None] | None:
    """Return the least and the most; None when they have a problem. Without any, once is enough."""
    report = reader.report
    if "between" in keys:
        if "at_least" in keys or "at_most" in keys:
            report.add(keys["between"].key.mark, "`between` says both ends already", "keep one", "two-conditions")
            return None
        items = report.items(keys["between"].value)
        if len(items) != 2:
            report.wrong(keys["between"].value, "`between` is a list of the least and the most, such as [2, 5]")
            return None
        least, most = (report.count(item, "`between`", 0, MOST_COUNTED) for item in items)
        if least is None or most is None:
            return None
    else:
        lacking = (0 if "at_most" in keys else 1, None)
        found = [
            report.count(keys[key].value, f"`{key}`", lowest, MOST_COUNTED) if key in keys else default
            for key, lowest, default in (("at_least", 1, lacking[0]), ("at_most", 0, lacking[1]))
        ]
        least, most = found
        if least is None or ("at_most" in keys and most is None):
            return None
    if most is not None and least > most:
        report.add(mark, f"at least {least} and at most {most} can never be true", "", "out-of-range")
    return least, most
