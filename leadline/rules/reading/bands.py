"""Points by band of a number field: ``{employees: {under 50: 0, 50 to 199: 10, from 5000: 20}}``."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from leadline.common.yamltree import Entry, MappingNode, Scalar
from leadline.rules.model import Band, Bands
from leadline.rules.nearest import nearest
from leadline.rules.reading.names import Reading
from leadline.rules.reading.report import short

NUMBER_TYPES: Final = ("integer", "decimal", "money")


def read_bands(reading: Reading, node: MappingNode) -> Bands | None:
    """Return the bands under ``points``; the mapping has one key, the field."""
    report = reading.report
    if len(node.entries) != 1:
        hint = "such as {employees: {under 50: 0, from 50: 10}}"
        report.add(node.mark, "points by band name one field", hint, "bands")
        return None
    entry = node.entries[0]
    if entry.name not in reading.names.fields:
        message = f"fields: there is no `{short(entry.name)}`"
        report.add(entry.key.mark, message, nearest(entry.name, reading.names.fields), "unknown-name")
        return None
    field = reading.fields.get(entry.name)
    if field is None:
        return None  # already noted where the field is defined
    if field.type not in NUMBER_TYPES:
        message = f"`{field.name}` is a {field.type}; bands need a number"
        report.add(entry.key.mark, message, "give points with `when` instead", "wrong-type")
        return None
    if not isinstance(entry.value, MappingNode):
        report.wrong(entry.value, f"the bands of `{field.name}` are a mapping (`50 to 199: 10`)")
        return None
    bands = _bands(reading, field.name, field.type == "integer", entry.value)
    return Bands(field.name, bands) if bands else None


def read_counted(reading: Reading, node: MappingNode, activity: str) -> tuple[Band, ...]:
    """Return the bands that stand directly under ``points``, for the number of times or days of an activity."""
    if not node.entries:
        hint = "such as {1 to 2: 5, from 3: 20}"
        reading.report.add(node.mark, "points by band name at least one band", hint, "bands")
    return _bands(reading, activity, True, node)


NUMBER: Final = r"(-?[0-9]{1,20}(?:\.[0-9]{1,10})?)"
SHAPES: Final = (
    # (pattern, lowest group, highest group, above, below)
    (re.compile(rf"under {NUMBER}"), 0, 1, False, True),
    (re.compile(rf"up to {NUMBER}"), 0, 1, False, False),
    (re.compile(rf"from {NUMBER}"), 1, 0, False, False),
    (re.compile(rf"over {NUMBER}"), 1, 0, True, False),
    (re.compile(rf"{NUMBER} to {NUMBER}"), 1, 2, False, False),
    (re.compile(rf"{NUMBER}"), 1, 1, False, False),
)


def _bands(reading: Reading, name: str, whole: bool, node: MappingNode) -> tuple[Band, ...]:
    read = [_band(reading, name, whole, band) for band in node.entries]
    return tuple(band for band in read if band is not None)


def _band(reading: Reading, name: str, whole: bool, entry: Entry) -> Band | None:
    report = reading.report
    points = report.number(entry.value, "points")
    for pattern, low, high, above, below in SHAPES:
        match = pattern.fullmatch(entry.name)
        if match is None:
            continue
        lowest = Decimal(match[low]) if low else None
        highest = Decimal(match[high]) if high else None
        if lowest is not None and highest is not None and lowest > highest:
            report.add(entry.key.mark, f"the band `{entry.name}` is empty", "smaller number first", "out-of-range")
        if points is None or (whole and not _whole(reading, name, entry.key, lowest, highest)):
            return None
        return _closed(whole, Band(lowest, highest, points, entry.name, above, below, entry.key.mark))
    hint = "write `under 50`, `up to 50`, `50 to 199`, `from 5000` or `over 5000`"
    report.add(entry.key.mark, f"`{short(entry.name)}` is no band", hint, "bands")
    return None


def _whole(reading: Reading, name: str, key: Scalar, *ends: Decimal | None) -> bool:
    if all(end is None or end == end.to_integral_value() for end in ends):
        return True
    reading.report.add(key.mark, f"`{name}` has whole numbers only", code="wrong-type")
    return False


def _closed(whole: bool, band: Band) -> Band:
    """On whole numbers ``under 50`` is the closed band up to 49."""
    if not whole:
        return band
    lowest = band.lowest + 1 if band.above and band.lowest is not None else band.lowest
    highest = band.highest - 1 if band.below and band.highest is not None else band.highest
    return Band(lowest, highest, band.points, band.label, mark=band.mark)
