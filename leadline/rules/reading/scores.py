"""The section ``scores``: criteria, bounds, groups and grades."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, get_args

from leadline.common.yamltree import Entry, MappingNode, Node, Scalar, SequenceNode
from leadline.rules.model import Band, Bands, Condition, Criterion, Decay, Match, Score
from leadline.rules.reading.bands import read_bands, read_counted
from leadline.rules.reading.conditions import Keys
from leadline.rules.reading.durations import duration, percent
from leadline.rules.reading.names import Reading
from leadline.rules.reading.report import short
from leadline.rules.reading.words import conditions

SCORE_KEYS: Final = ("criteria", "between", "groups", "grades")
CRITERION_KEYS: Final = (
    *("points", "when", "each", "first", "latest", "count", "distinct_days"),
    *("within", "at_most", "up_to", "decay", "group", "disqualify"),
)
MATCHES: Final[tuple[Match, ...]] = get_args(Match)
COUNTED: Final = ("count", "distinct_days")
"""Ways to match an activity whose number chooses a band of points."""
MEANS_NOTHING: Final[dict[Match, tuple[str, ...]]] = {
    "each": (),
    "first": ("at_most",),
    "latest": ("at_most",),
    "count": ("at_most", "decay"),
    "distinct_days": ("decay",),
}
"""What cannot stand beside a way to match."""
ONLY_ACTIVITIES: Final = ("within", "at_most", "decay")
DECAY_KEYS: Final = ("by", "every")


def read_scores(reading: Reading, node: Node) -> dict[str, Score]:
    """Return the scores that could be read, by name."""
    scores: dict[str, Score] = {}
    for entry in reading.report.entries(node, "`scores`"):
        what = f"the score `{short(entry.name)}`"
        keys = reading.report.keys(entry.value, SCORE_KEYS, what)
        if keys is None:
            continue
        floor, cap = _between(reading, keys["between"].value) if "between" in keys else (None, None)
        groups = _groups(reading, keys["groups"].value) if "groups" in keys else {}
        grades = _grades(reading, keys["grades"].value) if "grades" in keys else ()
        listed = reading.report.required(keys, "criteria", entry.key.mark, what)
        criteria = _criteria(reading, listed, groups) if listed is not None else ()
        scores[entry.name] = Score(entry.name, criteria, floor, cap, groups, grades, entry.key.mark)
    return scores


def _between(reading: Reading, node: Node) -> tuple[Decimal | None, Decimal | None]:
    if not isinstance(node, SequenceNode) or len(node.items) != 2:
        reading.report.wrong(node, "`between` is a list of the lowest and the highest points, such as [0, 100]")
        return None, None
    ends = [
        None if isinstance(item, Scalar) and item.value is None else reading.report.number(item, "`between`")
        for item in node.items
    ]
    if ends[0] is not None and ends[1] is not None and ends[0] >= ends[1]:
        reading.report.add(node.mark, "`between` is empty", "the lowest points come first", "out-of-range")
    return ends[0], ends[1]


def _groups(reading: Reading, node: Node) -> dict[str, Decimal]:
    groups: dict[str, Decimal] = {}
    for entry in reading.report.entries(node, "`groups`"):
        cap = reading.report.number(entry.value, f"the most points of the group `{short(entry.name)}`")
        if cap is not None and cap <= 0:
            reading.report.add(entry.value.mark, "a group's most points are above 0", code="out-of-range")
        groups[entry.name] = cap or Decimal(0)
    return groups


def _grades(reading: Reading, node: Node) -> tuple[tuple[str, Decimal], ...]:
    """Return grades from the best threshold down, whatever their order in the file."""
    grades: list[tuple[str, Decimal]] = []
    for entry in reading.report.entries(node, "`grades`"):
        threshold = reading.report.number(entry.value, f"the least points of grade `{short(entry.name)}`")
        if threshold is None:
            continue
        same = next((name for name, other in grades if other == threshold), None)
        if same is not None:
            message = f"grade `{entry.name}` begins where `{same}` does"
            reading.report.add(entry.value.mark, message, "give each grade its own least points", "grades")
        grades.append((entry.name, threshold))
    return tuple(sorted(grades, key=lambda grade: -grade[1]))


def _criteria(reading: Reading, node: Node, groups: dict[str, Decimal]) -> tuple[Criterion, ...]:
    read = (_criterion(reading, entry, groups) for entry in reading.report.entries(node, "`criteria`"))
    return tuple(criterion for criterion in read if criterion is not None)


def _criterion(reading: Reading, entry: Entry, groups: dict[str, Decimal]) -> Criterion | None:
    report = reading.report
    what = f"the criterion `{short(entry.name)}`"
    keys = report.keys(entry.value, CRITERION_KEYS, what)
    if keys is None:
        return None
    forms = [name for name in (*MATCHES, "when") if name in keys]
    by_band = "points" in keys and isinstance(keys["points"].value, MappingNode)
    by_band = by_band and not any(name in keys for name in COUNTED)
    if len(forms) + by_band != 1:
        problem = "says twice when it counts" if forms else "does not say when it counts"
        hint = "give one of `when`, `each`, `first`, `latest`, `count`, `distinct_days`, or points by band"
        report.add(entry.key.mark, f"{what} {problem}", hint, "criterion")
        return None
    if not any(name in keys for name in MATCHES):
        for name in (name for name in ONLY_ACTIVITIES if name in keys):
            hint = "give `each`, `first`, `latest`, `count` or `distinct_days` an activity"
            report.add(keys[name].key.mark, f"`{name}` needs an activity", hint, "criterion")
    group = report.choice(keys["group"].value, groups, "`groups` of this score") if "group" in keys else None
    when = conditions(reading, "criterion").read(keys["when"].value) if "when" in keys else None
    if "disqualify" in keys:
        return _disqualifier(reading, entry, keys, when)
    points, bands, counted = _points(reading, entry, keys, what)
    criterion = _activity_form(reading, entry, keys, points)
    up_to = report.number(keys["up_to"].value, "`up_to`") if "up_to" in keys else None
    if up_to is not None and up_to <= 0:
        report.add(keys["up_to"].value.mark, "`up_to` is above 0, also for negative points", code="out-of-range")
    return Criterion(
        name=entry.name,
        points=points,
        when=when,
        bands=bands,
        activity=criterion.activity,
        match=criterion.match,
        within=criterion.within,
        at_most=criterion.at_most,
        up_to=up_to,
        decay=criterion.decay,
        group=group,
        counted=counted,
        mark=entry.key.mark,
    )


def _disqualifier(reading: Reading, entry: Entry, keys: Keys, when: Condition | None) -> Criterion | None:
    reason = reading.report.text(keys["disqualify"].value, "`disqualify`")
    for name in (name for name in keys if name not in {"when", "disqualify"}):
        message = f"`{name}` has no meaning beside `disqualify`"
        reading.report.add(keys[name].key.mark, message, "disqualifying outranks points; remove it", "criterion")
    if when is None or reason is None:
        return None
    return Criterion(entry.name, when=when, disqualify=reason, mark=entry.key.mark)


def _points(reading: Reading, entry: Entry, keys: Keys, what: str) -> tuple[Decimal, Bands | None, tuple[Band, ...]]:
    node = reading.report.required(keys, "points", entry.key.mark, what)
    counting = next((name for name in COUNTED if name in keys), None)
    if isinstance(node, MappingNode):
        if counting is None:
            return Decimal(0), read_bands(reading, node), ()
        if "at_most" in keys and counting == "distinct_days":
            report, mark = reading.report, keys["at_most"].key.mark
            report.add(mark, "`at_most` has no meaning beside points by band", "limit the bands", "criterion")
        return Decimal(0), None, read_counted(reading, node, counting)
    if counting == "count" and node is not None:
        hint = "such as {1 to 2: 5, from 3: 20}; for the same points each time write `each`"
        reading.report.wrong(node, "`points` of `count` are bands", hint)
        return Decimal(0), None, ()
    points = reading.report.number(node, "`points`") if node is not None else None
    if points is not None and abs(points) > 1_000_000:
        reading.report.add(keys["points"].value.mark, "`points` are at most a million", code="out-of-range")
    return points or Decimal(0), None, ()


def _activity_form(reading: Reading, entry: Entry, keys: Keys, points: Decimal) -> Criterion:
    report = reading.report
    match = next((name for name in MATCHES if name in keys), None)
    if match is None:
        return Criterion(entry.name, points)
    names = reading.names.activities
    at_most = report.count(keys["at_most"].value, "`at_most`", highest=100_000) if "at_most" in keys else None
    for name in (name for name in MEANS_NOTHING[match] if name in keys):
        report.add(keys[name].key.mark, f"`{name}` has no meaning beside `{match}`", "remove it", "criterion")
    return Criterion(
        name=entry.name,
        points=points,
        activity=report.choice(keys[match].value, names, "activities"),
        match=match,
        within=duration(report, keys["within"].value, "`within`") if "within" in keys else None,
        at_most=at_most,
        decay=_decay(reading, keys["decay"].value) if "decay" in keys else None,
    )


def _decay(reading: Reading, node: Node) -> Decay | None:
    keys = reading.report.keys(node, DECAY_KEYS, "`decay`")
    if keys is None:
        return None
    by = reading.report.required(keys, "by", node.mark, "`decay`")
    every = reading.report.required(keys, "every", node.mark, "`decay`")
    share = percent(reading.report, by, "`by`") if by is not None else None
    step = duration(reading.report, every, "`every`") if every is not None else None
    return Decay(share, step) if share is not None and step is not None else None
