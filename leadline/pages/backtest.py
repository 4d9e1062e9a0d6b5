"""The page of a backtest: a chart and the table of its figures for each question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from leadline.common.masking import mask
from leadline.history.report import Backtest, BookSide, LoadLine, SampleLine, StageLine
from leadline.history.sweeping import Swept
from leadline.pages.charts import (
    Dot,
    Interval,
    Series,
    bar_chart,
    interval_chart,
    line_chart,
    point_chart,
    ratio_chart,
    spark,
)
from leadline.pages.concluding import conclusions
from leadline.pages.shell import render_page, write_page
from leadline.terminal.backtest import difference_text, masked, ratio_text, share_text, sweep_sentence
from leadline.terminal.tables import cell

Cells = Sequence[object]

MOST_MOVES: Final = 12
"""Moves in the chart of what only one book makes; the table has all of them."""
MOST_OWNERS: Final = 8
"""Owners whose timers are shown at once; the others are a click away."""
_LOAD: Final = ("started", "breached", "by hour, 0 to 23")


def write_backtest(path: Path, found: Backtest, swept: Swept | None = None) -> None:
    """Write the report as one self-contained HTML file. Raises UsageError where it cannot be written."""
    write_page(path, backtest_page(found, swept))


def backtest_page(found: Backtest, swept: Swept | None = None) -> str:
    """Return the report as HTML; people are masked as on a terminal."""
    found = masked(found)
    sides = [side for side in (found.old, found.new) if side is not None]
    heads = ["old", "new"] if found.old is not None else ["new"]
    return render_page(
        "backtest.html",
        new=found.new,
        old=found.old,
        since=cell(found.since),
        until=cell(found.until),
        focus=found.focus,
        heads=heads,
        cards=list(_cards(found, sides, heads)),
        leaking=[(leak.field, f"{leak.people:,}", ", ".join(leak.readers)) for leak in found.leaking],
        unknown=found.unknown,
        weeks=_weeks(found, sides, heads),
        steps=_steps(sides, heads),
        stays=_stays(sides, heads),
        flips=_flips(found),
        samples=list(_samples(found)),
        conclusions=list(conclusions(found, swept)),
        won=_won(found),
        landmark=found.landmark.days,
        criteria=_criteria(found.new),
        sweep=_sweep(swept) if swept is not None else None,
        causes=list(_causes(sides)),
        loads=list(_loads(sides, heads)),
    )


def _figure(
    chart: Markup | None, caption: str, columns: Cells, rows: Sequence[Cells], numbers: Cells = ()
) -> dict[str, Any]:
    return {"chart": chart, "caption": caption, "columns": columns, "rows": rows, "numbers": numbers}


def _cards(found: Backtest, sides: Sequence[BookSide], heads: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield f"{found.people:,}", "people"
    for head, side in zip(heads, sides, strict=True):
        yield f"{side.a_day}", f"{found.focus} a day, {head} book"
    for head, side in zip(heads, sides, strict=True):
        share = side.steps[-1].share.share
        yield ("-" if share is None else f"{100 * share:.1f} %"), f"{found.focus} to won, {head} book"
    yield f"{len(found.leaking)}", "leaking fields"


def _weeks(found: Backtest, sides: Sequence[BookSide], heads: Sequence[str]) -> dict[str, Any]:
    counts = [
        next((line.weeks for line in side.stages if line.stage == found.focus), (0,) * len(found.weeks))
        for side in sides
    ]
    labels = [f"{week:%Y-%m-%d}" for week in found.weeks]
    series = [
        Series(head, [float(count) for count in weeks], _look(head))
        for head, weeks in zip(heads, counts, strict=True)
    ]
    rows = [(label, *(f"{weeks[n]:,}" for weeks in counts)) for n, label in enumerate(labels)]
    chart = line_chart(f"{found.focus} by week", labels, series, steps=True)
    return _figure(chart, "Entries by week (Monday)", ["week", *heads], rows, range(1, 1 + len(heads)))


def _steps(sides: Sequence[BookSide], heads: Sequence[str]) -> dict[str, Any]:
    rows, drawn = [], []
    for source, target in dict.fromkeys((line.source, line.target) for side in sides for line in side.steps):
        lines = [
            next((line for line in side.steps if (line.source, line.target) == (source, target)), None)
            for side in sides
        ]
        rows.append(
            (f"{source} to {target}", *(share_text(line.share) if line else "-" for line in lines),
             *(cell(line.time.median) if line else "-" for line in lines))
        )  # fmt: skip
        for head, line in zip(heads, lines, strict=True):
            share = line.share if line is not None else None
            if share is not None and share.share is not None and share.low is not None and share.high is not None:
                low, middle, high = (float(100 * value) for value in (share.low, share.share, share.high))
                drawn.append(Interval(f"{source} to {target}, {head}", low, middle, high, _look(head)))
    chart = interval_chart("Conversion by step", drawn, unit=" %")
    columns = ["step", *_each("share", heads), *_each("median time", heads)]
    return _figure(chart, "Of those who entered, how many went on", columns, rows)


def _stays(sides: Sequence[BookSide], heads: Sequence[str]) -> dict[str, Any]:
    stages = list(dict.fromkeys(line.stage for side in sides for line in side.stages))
    lines = [{line.stage: line for line in side.stages} for side in sides]
    series = [
        Series(head, [_days(mine[stage].stays.median) if stage in mine else None for stage in stages], _look(head))
        for head, mine in zip(heads, lines, strict=True)
    ]
    told: Sequence[tuple[str, Callable[[StageLine], str]]] = [
        ("left", lambda line: f"{line.stays.count:,}"),
        ("median", lambda line: cell(line.stays.median)),
        ("still there", lambda line: f"{line.staying:,}"),
    ]
    rows = [
        (stage, *(tell(mine[stage]) if stage in mine else "-" for _, tell in told for mine in lines))
        for stage in stages
    ]
    halves = [(stage, *(_half(mine.get(stage)) for mine in lines)) for stage in stages]
    chart = bar_chart("Median days in stage", stages, series)
    columns = ["stage", *(column for name, _ in told for column in _each(name, heads))]
    figure = _figure(chart, "Stays that ended in the range", columns, rows, range(1, len(columns)))
    return {**figure, "halves": halves}


def _half(line: StageLine | None) -> str:
    """Say between what and what half of the stays lasted."""
    if line is None or line.stays.lower is None:
        return "-"
    return f"{cell(line.stays.lower)} to {cell(line.stays.upper)}"


def _each(name: str, heads: Sequence[str]) -> list[str]:
    return [name] if len(heads) == 1 else [f"{name}, {head}" for head in heads]


def _flips(found: Backtest) -> dict[str, Any]:
    rows = [
        (f"{line.source} to {line.target}", f"{line.both:,}", f"{line.only_old:,}", f"{line.only_new:,}")
        for line in found.flips
    ]
    changed = sorted(
        (line for line in found.flips if line.only_old or line.only_new),
        key=lambda line: -(line.only_old + line.only_new),
    )[:MOST_MOVES]
    series = [
        Series("only old", [line.only_old for line in changed]),
        Series("only new", [line.only_new for line in changed]),
    ]
    names = [f"{line.source} to {line.target}" for line in changed]
    chart = bar_chart("Moves of one book only", names, series) if changed else None
    return _figure(chart, "People by move", ["move", "both", "only old", "only new"], rows, [1, 2, 3])


def _samples(found: Backtest) -> Iterator[Cells]:
    for line in found.flips:
        for word, samples in (("only the old book", line.lost), ("only the new book", line.gained)):
            yield from ((f"{line.source} to {line.target}, {word}", *_sample(sample)) for sample in samples)


def _sample(sample: SampleLine) -> tuple[str, ...]:
    told = "; ".join(difference_text(item) for item in sample.differences)
    return (sample.person, cell(sample.at), sample.why, sample.other, told)


def _won(found: Backtest) -> list[Cells]:
    rows = [("missed by the new book", *_sample(sample)) for sample in found.finding.missed]
    return [*rows, *(("found by the new book", *_sample(sample)) for sample in found.finding.found)]


def _criteria(side: BookSide) -> dict[str, Any]:
    drawn = [
        Interval(f"{line.score}: {line.criterion}", float(lift.low), float(lift.ratio), float(lift.high),
                 0 if line.verdict == "none" else 1)
        for line in side.criteria
        if (lift := line.lift) is not None
    ]  # fmt: skip
    rows = []
    for line in side.criteria:
        said = [line.verdict] + ["against its points"] * line.against + ["leaking"] * bool(line.leaking)
        rows.append(
            (f"{line.score}: {line.criterion}", cell(line.points), share_text(line.gave), share_text(line.others),
             ratio_text(line.lift), ", ".join(said))
        )  # fmt: skip
    chart = ratio_chart("Lift by criterion", drawn)
    columns = ["criterion", "points", "won with it", "won without it", "lift", "it says"]
    return _figure(chart, "Wins after the landmark", columns, rows, [1])


def _sweep(swept: Swept) -> dict[str, Any]:
    dots = [
        Dot(float(point.mean), float(100 * (point.conversion.share or 0)), " / ".join(point.values), point.frontier,
            number == swept.chosen)
        for number, point in enumerate(swept.points)
    ]  # fmt: skip
    limit = float(swept.capacity.count) if swept.capacity is not None else None
    chart = point_chart("Volume against conversion", f"{swept.focus} a {swept.per}", "won, %", dots, limit=limit)
    rows = [
        (*point.values, f"{point.entries:,}", cell(point.mean), f"{point.busiest:,}", share_text(point.conversion),
         " ".join(["now"] * point.present + ["frontier"] * point.frontier + ["fits best"] * (n == swept.chosen)))
        for n, point in enumerate(swept.points)
    ]  # fmt: skip
    columns = [*swept.paths, swept.focus, f"a {swept.per}", "busiest day", "won", ""]
    figure = _figure(chart, "Points of the sweep", columns, rows, range(len(swept.paths) + 3))
    return {**figure, "sentence": sweep_sentence(swept)}


def _causes(sides: Sequence[BookSide]) -> Iterator[tuple[str, ...]]:
    yield ("times something is written", *(f"{side.writes:,}" for side in sides))
    for name in sorted({name for side in sides for name in side.actions}):
        yield (name.replace("_", " "), *(f"{side.actions.get(name, 0):,}" for side in sides))


def _loads(sides: Sequence[BookSide], heads: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield one table for each SLA: a line for each owner, those with the most timers first, and the others apart."""
    for sla in dict.fromkeys(line.sla for side in sides for line in side.load):
        mine = [{line.owner: line for line in side.load if line.sla == sla} for side in sides]
        owners = sorted(
            {owner for lines in mine for owner in lines},
            key=lambda owner: (-sum(sum(lines[owner].hours) for lines in mine if owner in lines), owner),
        )
        top = max((max(line.hours) for lines in mine for line in lines.values()), default=0)
        rows = [(mask(owner), *(told for lines in mine for told in _load(lines.get(owner), top))) for owner in owners]
        totals = [
            f"{sum(sum(line.hours) for line in lines.values()):,} started and"
            f" {sum(line.breached for line in lines.values()):,} breached ({head} book)"
            for head, lines in zip(heads, mine, strict=True)
        ]
        wide = len(heads)
        yield {
            "name": f"SLA {sla}: {', '.join(totals)}",
            "columns": ["owner", *(f"{name}{', ' + head if wide > 1 else ''}" for head in heads for name in _LOAD)],
            "rows": rows[:MOST_OWNERS],
            "others": rows[MOST_OWNERS:],
            "numbers": [1 + 3 * side + place for side in range(wide) for place in (0, 1)],
        }


def _load(line: LoadLine | None, top: int) -> tuple[object, ...]:
    if line is None:
        return "-", "-", ""
    told = ", ".join(f"{hour}:00 {count:,}" for hour, count in enumerate(line.hours) if count)
    return f"{sum(line.hours):,}", f"{line.breached:,}", spark(f"timers by hour: {told}", line.hours, top)


def _look(head: str) -> int:
    return 0 if head == "old" else 1


def _days(span: timedelta | None) -> float | None:
    return None if span is None else span / timedelta(days=1)
