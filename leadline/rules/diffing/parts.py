"""The difference of two values of the model, in words: mappings by key, lists by item, conditions by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, get_args

from leadline.rules.diffing.spelling import MOST_SHOWN, shortly, spelled
from leadline.rules.fieldops import TEXT_OPS
from leadline.rules.model import (
    All,
    AtLeast,
    Band,
    Condition,
    Criterion,
    Decay,
    Field,
    FieldTest,
    Not,
    Score,
    Temperatures,
)
from leadline.rules.model import Any as AnyOf
from leadline.rules.reading.hashing import meaning


def changes(label: str, old: Any, new: Any, verb: str = "is") -> Iterator[str]:
    """Yield one sentence for each difference of two values; nothing where they mean the same."""
    if meaning(old) == meaning(new):
        return
    if old is None or new is None:
        yield f"{label} is now {shortly(new)}" if old is None else f"{label} is no longer {shortly(old)}"
    elif isinstance(old, _CONDITIONS) and isinstance(new, _CONDITIONS):
        yield from _condition(label, old, new, verb)
    elif is_dataclass(old) and type(old) is type(new):
        before, after = _view(old), _view(new)
        for name, value in before.items():
            yield from changes(_joined(label, name), value, after[name], _VERBS.get(name, "is"))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _mapping(label, old, new, verb)
    elif isinstance(old, tuple) and isinstance(new, tuple):
        yield from _list(label, old, new)
    else:
        yield f"{label} {verb} {spelled(new)} instead of {spelled(old)}"


_CONDITIONS: Final[tuple[type, ...]] = get_args(Condition)
_COMBINED: Final = (All, AnyOf, AtLeast)
_SILENT: Final = frozenset({"name", "mark", "marks", "hash", "label", "id", "crm"})
_WORDS: Final[Mapping[str, str]] = {
    "sources": "comes from",
    "starts": "from entering",
    "ends": "until entering",
    "responses": "first response",
    "void": "void when",
    "otherwise": "of others",
    "table": "is looked up in",
    "has_blank": "blank",
    "floor": "lowest points",
    "cap": "highest points",
    "most_records": "most records",
    "most_percent": "most percent",
    "to_stage": "most to",
    "new_pass": "pass",
    "pass_number": "pass",
    "new_activity": "until new activity",
    "lasts": "until a time",
    "drift": "drift at most every",
    "at_once_when": "at once when",
    "grades": "grade",
    "bands": "band",
    "counted": "band",
}
_VERBS: Final[Mapping[str, str]] = {"grades": "begins at", "bands": "gives", "counted": "gives"}


def _joined(label: str, name: str) -> str:
    return f"{label}: {_WORDS.get(name, name.replace('_', ' '))}"


def _view(value: Any) -> dict[str, Any]:
    """Return the parts of a dataclass that mean something, some of them in a form that compares well."""
    parts = {item.name: getattr(value, item.name) for item in fields(value) if item.name not in _SILENT}
    if isinstance(value, Field):
        parts["has_blank"] = spelled(parts.pop("blank")) if value.has_blank else "unknown"
    elif isinstance(value, Score):
        parts["grades"] = dict(value.grades)
    elif isinstance(value, Criterion):
        parts["by_band_of"] = value.bands.field if value.bands is not None else None
        parts["bands"] = _bands(value.bands.bands) if value.bands is not None else {}
        parts["counted"] = _bands(value.counted)
    elif isinstance(value, Decay):
        parts["by"] = f"{spelled(value.by * 100)}%"
    elif isinstance(value, Temperatures):
        parts["cells"] = dict(value.cells)
    return parts


def _bands(bands: Sequence[Band]) -> dict[str, Any]:
    """Return points by band; two spellings of one band (`under 50`, `up to 49`) have one name."""
    return {_band(band): band.points for band in bands}


def _band(band: Band) -> str:
    if band.lowest is not None and band.highest is not None:
        return spelled(band.lowest) if band.lowest == band.highest else f"{band.lowest} to {band.highest}"
    if band.lowest is not None:
        return f"{'over' if band.above else 'from'} {spelled(band.lowest)}"
    return f"{'under' if band.below else 'up to'} {spelled(band.highest)}"


def _mapping(label: str, old: Mapping[str, Any], new: Mapping[str, Any], verb: str) -> Iterator[str]:
    for name in (name for name in old if name not in new):
        yield f"{label} {name} is gone (it was {shortly(old[name])})"
    for name, value in new.items():
        if name in old:
            yield from changes(f"{label} {name}", old[name], value, verb)
        else:
            yield f"{label} {name} is new: {shortly(value)}"


def _list(label: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[str]:
    before, after = ({_key(item): item for item in items} for items in (old, new))
    told = _news(before, after)
    yield f"{label}: {told}" if told else f"{label} is {spelled(new)} instead of {spelled(old)}"


def _news(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Say what two lists do not have in common; empty where only their order differs."""
    added = [spelled(item) for key, item in after.items() if key not in before]
    removed = [spelled(item) for key, item in before.items() if key not in after]
    parts = [f"adds {_few(added)}"] if added else []
    return "; ".join(parts + ([f"leaves out {_few(removed)}"] if removed else []))


def _few(items: Sequence[str]) -> str:
    more = len(items) - MOST_SHOWN
    return ", ".join(items[:MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _key(item: Any) -> str:
    return repr(meaning(item))


def _condition(label: str, old: Any, new: Any, verb: str) -> Iterator[str]:
    if _several(old) and _several(new) and _alike(old, new) and old.op == new.op:
        yield from _operands(label, old, new)
        return
    if isinstance(old, Not) and isinstance(new, Not):
        yield from changes(f"{label}, not", old.part, new.part, verb)
        return
    same_kind = isinstance(old, _COMBINED) and type(old) is type(new)
    if same_kind and getattr(old, "count", 0) == getattr(new, "count", 0):
        yield from _parts(f"{label}, {_title(old)}", old.parts, new.parts)
        return
    yield f"{label} {verb} {spelled(new)} instead of {spelled(old)}"


def _several(test: Any) -> bool:
    return isinstance(test, FieldTest) and test.op in TEXT_OPS


def _operands(label: str, old: FieldTest, new: FieldTest) -> Iterator[str]:
    before, after = ({_key(_of(test, item)): item for item in test.operands} for test in (old, new))
    yield f"{label}, {old.field} {old.op.replace('_', ' ')}: {_news(before, after) or 'another order'}"


def _of(test: FieldTest, operand: Any) -> FieldTest:
    return replace(test, operands=(operand,))


def _parts(label: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[str]:
    """Compare the parts of two combinations: those that ask alike are compared, the others are new or left out."""
    before, after = ({_key(item): item for item in items} for items in (old, new))
    gone = [item for key, item in before.items() if key not in after]
    fresh = [item for key, item in after.items() if key not in before]
    if not gone and not fresh:
        yield f"{label}: the same in another order"
    for item in gone:
        like = next((other for other in fresh if _alike(item, other)), None)
        if like is None:
            yield f"{label}: leaves out {spelled(item)}"
        else:
            fresh.remove(like)
            yield from changes(label, item, like, "asks")
    for item in fresh:
        yield f"{label}: adds {spelled(item)}"


def _alike(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, _COMBINED):
        return True
    names = ("field", "activity", "score", "state")
    return all(getattr(one, name, None) == getattr(other, name, None) for name in names)


def _title(condition: Any) -> str:
    if isinstance(condition, AtLeast):
        return f"at least {condition.count} of"
    return "all of" if isinstance(condition, All) else "any of"
