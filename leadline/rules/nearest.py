"""The nearest valid name: the most useful hint there is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, names: Iterable[str], few: int = 12, cutoff: float = 0.6) -> str:
    """Return a hint that names the nearest valid name, or all of them when they are at most ``few``.

    ``cutoff`` (0 to 1) is how alike a name must be; higher where the right name may merely be hidden.
    """
    known = sorted(set(names))
    lower = {item.lower(): item for item in known}
    close = difflib.get_close_matches(name.lower(), list(lower), n=1, cutoff=cutoff)
    if close:
        return f"did you mean `{lower[close[0]]}`?"
    if 0 < len(known) <= few:
        return "one of " + ", ".join(f"`{item}`" for item in known)
    return ""
