"""How a backtest and a sweep are shown on a terminal, and what they are for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from leadline.common.canonical import decimal_text, plain
from leadline.common.masking import mask
from leadline.common.stats import Ratio, Share
from leadline.history.report import Backtest, BookSide, Difference, FindingLine, FlipLine, SampleLine
from leadline.history.sweeping import Swept
from leadline.terminal.tables import cell, table

if TYPE_CHECKING:
    from rich.console import Console


def masked(found: Backtest) -> Backtest:
    """Return the report with people named as a screen may name them."""

    def one(sample: SampleLine) -> SampleLine:
        return replace(sample, person=mask(sample.person))

    def flip(line: FlipLine) -> FlipLine:
        return replace(line, lost=tuple(map(one, line.lost)), gained=tuple(map(one, line.gained)))

    finding: FindingLine = found.finding
    finding = replace(finding, missed=tuple(map(one, finding.missed)), found=tuple(map(one, finding.found)))
    return replace(found, flips=tuple(map(flip, found.flips)), finding=finding)


def backtest_data(found: Backtest, swept: Swept | None = None) -> dict[str, Any]:
    """Return the result for machines: shares are decimal texts, spans ISO 8601 durations."""
    data = {"ok": True, **plain(masked(found))}
    return data if swept is None else {**data, "sweep": sweep_data(swept)}


def sweep_data(swept: Swept) -> dict[str, Any]:
    """Return a sweep for machines."""
    return dict(plain(swept))


def render_backtest(console: Console, found: Backtest) -> None:
    """Print the report: figures by book, flips with reasons, criteria, and what it cannot know."""
    found = masked(found)
    old = found.old
    names = [f"{side.name} ({side.hash[:8]})" for side in (old, found.new) if side is not None]
    console.print(
        f"{found.people:,} people, {cell(found.since)} to {cell(found.until)}; {' against '.join(reversed(names))}.",
        markup=False,
    )
    _render_sides(console, found, [side for side in (old, found.new) if side is not None])
    if old is not None:
        _render_flips(console, found.flips)
    _render_finding(console, found)
    _render_criteria(console, found.new)
    _render_leaks(console, found)


def render_sweep(console: Console, swept: Swept) -> None:
    """Print a sweep: a line for each point, the frontier marked, and the one that fits."""
    rows = []
    for number, point in enumerate(swept.points):
        marks = [
            word
            for word, holds in (
                ("now", point.present),
                ("frontier", point.frontier),
                ("fits best", number == swept.chosen),
            )
            if holds
        ]
        rows.append(
            (*point.values, point.entries, decimal_text(point.mean), point.busiest, share_text(point.conversion),
             ", ".join(marks))
        )  # fmt: skip
    count = len(swept.paths)
    columns = [*swept.paths, swept.focus, f"a {swept.per}", "busiest day", "won", ""]
    console.print(table(columns, rows, right=tuple(range(count + 3))))
    console.print(sweep_sentence(swept), markup=False)


def sweep_sentence(swept: Swept) -> str:
    """Say which point fits the capacity, in one sentence."""
    if swept.capacity is None:
        return "Give --capacity to learn which point fits sales."
    if swept.chosen is None:
        return f"No point stays within {swept.capacity}."
    point = swept.points[swept.chosen]
    told = ", ".join(f"{path} = {value}" for path, value in zip(swept.paths, point.values, strict=True))
    return f"{told} fits {swept.capacity}: {decimal_text(point.mean)} a {swept.per} on average."


def share_text(share: Share) -> str:
    """Write a share with its interval: ``12.5 % (9.0 to 17.1)``, and of how many."""
    if share.share is None or share.low is None or share.high is None:
        return "-"
    return f"{100 * share.share:.1f} % ({100 * share.low:.1f} to {100 * share.high:.1f}) of {share.whole:,}"


def ratio_text(ratio: Ratio | None) -> str:
    """Write a lift with its interval: ``1.8 x (1.2 to 2.7)``."""
    return "-" if ratio is None else f"{ratio.ratio:.2f} x ({ratio.low:.2f} to {ratio.high:.2f})"


def difference_text(item: Difference) -> str:
    """Write one difference of points: ``fit: free mail 0 -> -10``."""
    old, new = ("absent" if value is None else decimal_text(value) for value in (item.old, item.new))
    return f"{item.score}{': ' + item.criterion if item.criterion else ''} {old} -> {new}"


def _render_sides(console: Console, found: Backtest, sides: Sequence[BookSide]) -> None:
    stages = list(dict.fromkeys(line.stage for side in sides for line in side.stages))
    rows = []
    for stage in stages:
        lines = [next((line for line in side.stages if line.stage == stage), None) for side in sides]
        rows.append(
            (stage, *(line and line.entries for line in lines), *(line and line.stays.median for line in lines))
        )
    heads = ["old", "new"] if len(sides) == 2 else ["new"]
    columns = ["stage", *(f"{head} entries" for head in heads), *(f"{head} median stay" for head in heads)]
    console.print(table(columns, rows, right=tuple(range(1, len(columns)))))
    steps = list(dict.fromkeys((line.source, line.target) for side in sides for line in side.steps))
    told = []
    for source, target in steps:
        same = [next((s for s in side.steps if (s.source, s.target) == (source, target)), None) for side in sides]
        told.append((f"{source} -> {target}", *(share_text(line.share) if line else None for line in same)))
    console.print(table(["conversion", *heads], told))
    focus = ", ".join(
        f"{side.a_day} ({head}, busiest {side.busiest})" for head, side in zip(heads, sides, strict=True)
    )
    writes = ", ".join(f"{side.writes:,} ({head})" for head, side in zip(heads, sides, strict=True))
    console.print(f"{found.focus} a day: {focus}. Times something would be written: {writes}.", markup=False)
    for head, side in zip(heads, sides, strict=True):
        for name, count in side.actions.items():
            console.print(f"{head}: {count:,} x {name.replace('_', ' ')}", markup=False)
        for line in side.load:
            hours = ", ".join(f"{hour}h {count}" for hour, count in enumerate(line.hours) if count)
            console.print(
                f"{head}: SLA {line.sla}, {mask(line.owner)}: {hours}; breached {line.breached}", markup=False
            )


def _render_flips(console: Console, flips: Sequence[FlipLine]) -> None:
    rows = [(f"{line.source} -> {line.target}", line.both, line.only_old, line.only_new) for line in flips]
    console.print(table(["moves", "both", "only old", "only new"], rows, right=(1, 2, 3)))
    if not any(line.only_old or line.only_new for line in flips):
        console.print("Both books make the same moves of the same people.", markup=False)
    for line in flips:
        for word, samples in (("only old", line.lost), ("only new", line.gained)):
            for sample in samples:
                _render_sample(console, f"{line.source} -> {line.target}, {word}", sample)


def _render_sample(console: Console, what: str, sample: SampleLine) -> None:
    console.print(f"{what}: {sample.person} {cell(sample.at)}  {sample.why}", markup=False)
    told = "; ".join(difference_text(item) for item in sample.differences)
    console.print(f"    the other: {sample.other}" + (f" [{told}]" if told else ""), markup=False)


def _render_finding(console: Console, found: Backtest) -> None:
    line = found.finding
    if found.old is None:
        console.print(f"{line.won:,} won; {line.both:,} of them were {found.focus} before.", markup=False)
        return
    console.print(
        f"{line.won:,} won: {line.both:,} were {found.focus} before that under both books ({line.earlier:,} earlier"
        f" and {line.later:,} later under the new one), {line.only_old:,} only under the old one, {line.only_new:,}"
        f" only under the new one, {line.neither:,} under neither.",
        markup=False,
    )
    for word, samples in (("missed by the new book", line.missed), ("found by the new book", line.found)):
        for sample in samples:
            _render_sample(console, word, sample)


def _render_criteria(console: Console, side: BookSide) -> None:
    rows = [
        (f"{line.score}: {line.criterion}", "-" if line.points is None else decimal_text(line.points),
         share_text(line.gave), share_text(line.others), ratio_text(line.lift),
         line.verdict + (", against its points" if line.against else "") + (", leaking" if line.leaking else ""))
        for line in side.criteria
    ]  # fmt: skip
    console.print(table(["criterion", "points", "won with it", "won without", "lift", "it says"], rows, right=(1,)))


def _render_leaks(console: Console, found: Backtest) -> None:
    console.print("What this cannot know:")
    for leak in found.leaking:
        told = ", ".join(leak.readers[:4]) + (f" and {len(leak.readers) - 4} more" if len(leak.readers) > 4 else "")
        console.print(
            f"  leaking: `{leak.field}` has no history for {leak.people:,} people; its value of now stands for the"
            f" past in {told}.",
            markup=False,
        )
    for sentence in found.unknown:
        console.print(f"  {sentence}", markup=False)
