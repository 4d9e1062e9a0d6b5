"""How sources look: of the people of each, how many came how far."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leadline.common.canonical import plain
from leadline.common.masking import mask
from leadline.common.stats import quantile, share_of
from leadline.sync.reports.funnel import FEWEST
from leadline.sync.reports.sources import SourceLine, SourcesReport
from leadline.terminal.reports.sheets import Sheet, Told, basis_line, for_machines, nobody_yet, share_cells

DEFINITIONS = (
    "People count once, under the source they have now. Who reached a later stage has reached the ones before it, in"
    " whichever pass, skipped or not.",
    "Shares are of all people of the source, those who came lately too. Intervals are Wilson's, 95 %.",
    f"* marks fewer than {FEWEST} people: their share may as well be chance.",
)


def sources_data(found: SourcesReport) -> dict[str, Any]:
    """Return the report for machines."""
    return {
        "ok": True,
        "frontier": plain(found.basis.frontier),
        "zone": found.basis.zone,
        "field": found.field,
        "sources": [{**for_machines(line), "source": mask(line.source), "few": line.few} for line in found.lines],
        "everybody": for_machines(found.everybody),
        "definitions": list(DEFINITIONS),
    }


def told_sources(found: SourcesReport) -> Told:
    """Return the whole report."""
    if found.basis.frontier is None:
        return nobody_yet(f"People by {found.field}")
    title = f"People by {found.field}: {found.everybody.people:,}"
    return Told(title, basis_line(found.basis), list(_findings(found)), list(_sheets(found)), DEFINITIONS)


def source_name(line: SourceLine) -> str:
    """Return what a source is called; few people are marked."""
    return mask(line.source) + (" *" if line.few else "")


def _sheets(found: SourcesReport) -> Iterator[Sheet]:
    if not found.everybody.people:
        return
    path = found.basis.main_path
    lines = [*found.lines, found.everybody]
    rows = [(source_name(line), line.people, *(line.reached[stage].part for stage in path)) for line in lines]
    heading = "Who reached which stage"
    yield Sheet("reached", heading, [found.field, "people", *path], rows, range(1, len(path) + 2))
    for stage in path[1:]:
        rows = [(source_name(line), line.people, line.reached[stage].part, *share_cells(line.reached[stage]))
                for line in lines]  # fmt: skip
        columns = [found.field, "people", stage, "share", "95 % interval"]
        yield Sheet(stage, f"Reached {stage}", columns, rows, (1, 2, 3, 4))


def _findings(found: SourcesReport) -> Iterator[str]:
    """Name a source only where its whole interval lies beside the share of everybody.

    The more sources and stages are compared, the wider the interval is (Bonferroni): chance alone names nobody.
    """
    known = [line for line in found.lines if not line.few]
    stages = found.basis.main_path[1:]
    z = quantile(len(known) * len(stages))
    for stage in stages:
        mean = found.everybody.reached[stage]
        for line in known:
            share = line.reached[stage]
            wide = share_of(share.part, share.whole, z)
            if mean.share is None or wide.low is None or wide.high is None or wide.low <= mean.share <= wide.high:
                continue
            word = "more" if wide.low > mean.share else "fewer"
            yield (
                f"{mask(line.source)}: {word} people than elsewhere reach {stage}: {share_cells(share)[0]} of"
                f" {share.whole:,}, of all together {share_cells(mean)[0]} (interval {share_cells(wide)[1]}, 95 % for"
                " all comparisons of this page at once)."
            )
