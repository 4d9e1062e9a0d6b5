"""The page of a backtest: a chart and the table of its figures for each question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from markupsafe import Markup

from leadline.common.masking import mask
from leadline.history.report import Backtest, BookSide, SampleLine
from leadline.history.sweeping import Swept
from leadline.pages.charts import (
    Dot,
    Interval,
    Series,
    bar_chart,
    column_chart,
    interval_chart,
    line_chart,
    point_chart,
)
from leadline.pages.shell import render_page, write_page
from leadline.terminal.backtest import difference_text, masked, ratio_text, share_text, sweep_sentence
from leadline.terminal.tables import cell

Cells = Sequence[object]


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
        leaking=[
            {"field": leak.field, "people": f"{leak.people:,}", "readers": ", ".join(leak.readers)}
            for leak in found.leaking
        ],
        unknown=found.unknown,
        weeks=_weeks(found, sides, heads),
        steps=_steps(sides, heads),
        stays=_stays(sides, heads),
        flips=_flips(found),
        samples=list(_samples(found)),
        won=_won(found),
        landmark=found.landmark.days,
        criteria=_criteria(found.new),
        sweep=_sweep(swept) if swept is not None else None,
        causes=list(_causes(sides)),
        loads=list(_loads(sides, heads)),
    )


def _figure(
    chart: Markup, caption: str, columns: Cells, rows: Sequence[Cells], numbers: Cells = ()
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
    steps = dict.fromkeys((line.source, line.target) for side in sides for line in side.steps)
    for source, target in steps:
        for head, side in zip(heads, sides, strict=True):
            line = next((item for item in side.steps if (item.source, item.target) == (source, target)), None)
            if line is None:
                continue
            name = f"{source} to {target}, {head}"
            rows.append((name, share_text(line.share), cell(line.time.median)))
            share = line.share
            if share.share is not None and share.low is not None and share.high is not None:
                group = _look(head)
                drawn.append(
                    Interval(name, float(100 * share.low), float(100 * share.share), float(100 * share.high), group)
                )
    chart = interval_chart("Conversion by step", drawn, unit=" %")
    return _figure(chart, "Of those who entered, how many went on", ["step", "share", "median time"], rows)


def _stays(sides: Sequence[BookSide], heads: Sequence[str]) -> dict[str, Any]:
    stages = list(dict.fromkeys(line.stage for side in sides for line in side.stages))
    rows, series = [], []
    for head, side in zip(heads, sides, strict=True):
        lines = {line.stage: line for line in side.stages}
        series.append(
            Series(head, [_days(lines[s].stays.median) if s in lines else None for s in stages], _look(head))
        )
        for stage in stages:
            if stage in lines:
                stay = lines[stage].stays
                rows.append((f"{stage}, {head}", f"{stay.count:,}", cell(stay.lower), cell(stay.median),
                             cell(stay.upper), f"{lines[stage].staying:,}"))  # fmt: skip
    chart = bar_chart("Median days in stage", stages, series)
    columns = ["stage", "left", "a quarter within", "median", "three quarters within", "still there"]
    return _figure(chart, "Stays that ended in the range", columns, rows, [1, 2, 3, 4, 5])


def _flips(found: Backtest) -> dict[str, Any]:
    lines = found.flips
    rows = [
        (f"{line.source} to {line.target}", f"{line.both:,}", f"{line.only_old:,}", f"{line.only_new:,}")
        for line in lines
    ]
    series = [
        Series("only old", [line.only_old for line in lines]),
        Series("only new", [line.only_new for line in lines]),
    ]
    chart = bar_chart("Moves of one book only", [str(row[0]) for row in rows], series)
    return _figure(chart, "People by move", ["move", "both", "only old", "only new"], rows, [1, 2, 3])


def _samples(found: Backtest) -> Iterator[dict[str, Any]]:
    for line in found.flips:
        for word, samples in (("only the old book", line.lost), ("only the new book", line.gained)):
            if samples:
                rows = [_sample(sample) for sample in samples]
                yield {"name": f"{line.source} to {line.target}, {word}", "rows": rows}


def _sample(sample: SampleLine) -> tuple[str, ...]:
    told = "; ".join(difference_text(item) for item in sample.differences)
    return (sample.person, cell(sample.at), sample.why, sample.other, told)


def _won(found: Backtest) -> dict[str, Any]:
    line = found.finding
    if found.old is None:
        said = f"{line.won:,} people were won; {line.both:,} of them were {found.focus} before that."
        return {"sentence": said, "rows": []}
    said = (
        f"{line.won:,} people were won. {line.both:,} were {found.focus} before that under both books:"
        f" {line.earlier:,} earlier and {line.later:,} later under the new one, the median {cell(line.lead)} earlier."
        f" {line.only_old:,} only under the old book, {line.only_new:,} only under the new one,"
        f" {line.neither:,} under neither."
    )
    rows = [("missed by the new book", *_sample(sample)) for sample in line.missed]
    rows += [("found by the new book", *_sample(sample)) for sample in line.found]
    return {"sentence": said, "rows": rows}


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
    chart = interval_chart("Lift by criterion", drawn, unit=" x", reference=1)
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
    hours = [str(hour) for hour in range(24)]
    for head, side in zip(heads, sides, strict=True):
        for line in side.load:
            counted = f"{sum(line.hours):,} started, {line.breached:,} breached"
            name = f"SLA {line.sla}, {mask(line.owner)}, {head} book: {counted}"
            chart = column_chart(name, hours, [float(count) for count in line.hours])
            rows = [(f"{hour}:00", f"{count:,}") for hour, count in enumerate(line.hours) if count]
            yield {"name": name, **_figure(chart, "Timers by hour of their start", ["hour", "timers"], rows)}


def _look(head: str) -> int:
    return 0 if head == "old" else 1


def _days(span: timedelta | None) -> float | None:
    return None if span is None else span / timedelta(days=1)
