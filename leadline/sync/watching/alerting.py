"""Telling people of changes: once when something is no longer as it should be, once when it is again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from leadline.common.canonical import digest
from leadline.common.errors import LeadlineError
from leadline.sync.store import Store
from leadline.sync.store.cycles import get_meta, last_cycles, set_meta
from leadline.sync.watching.judging import Condition

_KEY: Final = "alerts"

Deliver = Callable[[str, str], None]
"""Delivers a text under a key; raises LeadlineError. The same key may come again after a crash."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one round of telling did: texts that went out, by target, and what failed, by target."""

    sent: tuple[tuple[str, str], ...]
    failed: Mapping[str, LeadlineError]


def tell_changes(store: Store, found: Sequence[Condition], targets: Mapping[str, Deliver], name: str) -> Told:
    """Tell every target what changed since it was told last, ``name`` before each text.

    What is to be told is written down before it is sent and again when it was, so a crash repeats a message under
    its key and loses none. A target that fails is told by the next round.
    """
    standing = _changed(store, {item.name: item for item in found})
    sent: list[tuple[str, str]] = []
    failed: dict[str, LeadlineError] = {}
    for target, deliver in targets.items():
        for condition, entry in standing.items():
            if entry["told"].get(target, "") == entry["state"]:
                continue
            key = digest([condition, entry["state"], entry["cycle"], target])[:32]
            text = f"{name}: {entry['text']}" if entry["state"] else f"{name}: well again: {entry['text']}"
            try:
                deliver(key, text)
            except LeadlineError as error:
                failed[target] = error
                break
            sent.append((target, text))
            _remember(store, condition, entry, target)
    _forget_ended(store, targets)
    return Told(tuple(sent), failed)


def unresolved(store: Store) -> Condition | None:
    """Return how the last run ended where it left no record of itself and no run followed it."""
    with store.read() as connection:
        entry = _read(get_meta(connection, _KEY)).get("run")
        newest = last_cycles(connection, 1)
    if entry is None or not entry["state"] or entry["cycle"] != (newest[0].id if newest else 0):
        return None
    return Condition("run", entry["state"], entry["text"])


def _changed(store: Store, now: Mapping[str, Condition]) -> dict[str, dict[str, Any]]:
    """Write down the present state of every condition, with the run in which it became so."""
    with store.write() as connection:
        standing = _read(get_meta(connection, _KEY))
        newest = last_cycles(connection, 1)
        cycle = newest[0].id if newest else 0
        for name in sorted({*standing, *now}):
            entry = standing.setdefault(name, {"state": "", "text": "", "cycle": cycle, "told": {}})
            state = now[name].state if name in now else ""
            if state != entry["state"]:
                entry |= {"state": state, "cycle": cycle}
            if name in now:
                entry["text"] = now[name].text
        set_meta(connection, _KEY, json.dumps(standing, sort_keys=True))
    return standing


def _remember(store: Store, condition: str, entry: Mapping[str, Any], target: str) -> None:
    with store.write() as connection:
        standing = _read(get_meta(connection, _KEY))
        standing.setdefault(condition, dict(entry))["told"][target] = entry["state"]
        set_meta(connection, _KEY, json.dumps(standing, sort_keys=True))


def _forget_ended(store: Store, targets: Mapping[str, Deliver]) -> None:
    """Drop what is well and of which nobody still waits to hear."""
    with store.write() as connection:
        standing = _read(get_meta(connection, _KEY))
        left = {
            name: entry
            for name, entry in standing.items()
            if entry["state"] or any(entry["told"].get(target, "") for target in targets)
        }
        if left != standing:
            set_meta(connection, _KEY, json.dumps(left, sort_keys=True))


def _read(text: str | None) -> dict[str, dict[str, Any]]:
    return dict(json.loads(text)) if text else {}
