"""Polars: lazy expressions by hand for these very rules, on one thread."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.peers.peer import FIT_GRADES, INTEREST_GRADES, Answer, Work
from benchmarks.workload import DAY, MICROS, Rules

os.environ.setdefault("POLARS_MAX_THREADS", "1")


@dataclass(frozen=True, slots=True)
class PolarsFrames:
    """A group-by of conditional counts, joined to expressions over the fields."""

    name: str = "Polars by hand"
    from_features: bool = False
    most: int = 10**9

    def prepare(self, work: Work) -> Callable[[], Any]:
        """See ``Peer``."""
        import polars

        if self.from_features:
            features = polars.from_arrow(work.features).lazy()
            return lambda: _staged(polars, _features(polars, work.rules, features)).collect()
        people, happened = polars.from_arrow(work.people).lazy(), polars.from_arrow(work.activities).lazy()
        return lambda: _staged(polars, _raw(polars, work.rules, people, happened)).collect()

    def answer(self, found: Any) -> Answer:
        """See ``Peer``."""
        return Answer(*(found[name].to_numpy() for name in Answer._fields))


def _raw(polars: Any, chosen: Rules, people: Any, happened: Any) -> Any:
    column = polars.col
    moment = column("at").dt.timestamp("us")
    counts = [
        ((column("activity").cast(polars.String) == line.activity) & (moment > MICROS - line.days * DAY))
        .sum().clip(0, line.most).cast(polars.Int64).mul(line.points).alias(f"c{number}")
        for number, line in enumerate(chosen.counted)
    ]  # fmt: skip
    summed = happened.group_by("person_id").agg(counts)
    interest = polars.sum_horizontal([column(f"c{number}").fill_null(0) for number in range(len(counts))])
    truths = [
        (column(one.field).cast(polars.String).is_in(list(one.values)), one.points) for one in chosen.attributes
    ]
    truths += [(column(edge.field) >= edge.edge, edge.points) for edge in chosen.edges]
    return _added(polars, people.join(summed, on="person_id", how="left", maintain_order="left"), truths, interest)


def _features(polars: Any, chosen: Rules, features: Any) -> Any:
    column = polars.col
    truths = [(column(f"a{number}"), one.points) for number, one in enumerate(chosen.attributes)]
    truths += [(column(f"e{number}"), one.points) for number, one in enumerate(chosen.edges)]
    points = [column(f"c{n}").cast(polars.Int64) * line.points for n, line in enumerate(chosen.counted)]
    return _added(polars, features, truths, polars.sum_horizontal(points))


def _added(polars: Any, frame: Any, truths: list[tuple[Any, int]], interest: Any) -> Any:
    given = [test.fill_null(False).cast(polars.Int64) * points for test, points in truths]
    missing = [test.is_null().cast(polars.Int64) * points for test, points in truths if points < 0]
    return frame.with_columns(
        fit=polars.sum_horizontal(given).clip(0, 100),
        lowest=polars.sum_horizontal([*given, *missing]).clip(0, 100),
        interest=interest.clip(0, 100),
    )


def _staged(polars: Any, frame: Any) -> Any:
    fit, lowest, interest = polars.col("fit"), polars.col("lowest"), polars.col("interest")
    authority, need, budget = (polars.col(name).fill_null(False) for name in ("authority", "need", "budget"))

    def grade(score: Any, grades: tuple[tuple[str, int], ...]) -> Any:
        return (len(grades) - 1) - polars.sum_horizontal(
            [(score >= edge).cast(polars.Int8) for _, edge in grades[:-1]]
        )

    stage = (
        polars.when((lowest >= 40) & authority & need & budget).then(5)
        .when((lowest >= 40) & authority & need).then(4)
        .when((lowest >= 30) & (interest >= 30) & authority).then(3)
        .when((lowest >= 20) & (interest >= 30)).then(2)
        .when(interest >= 20).then(1).otherwise(0)
    )  # fmt: skip
    return frame.select(
        fit, interest, grade(fit, FIT_GRADES).alias("fit_grade"),
        grade(interest, INTEREST_GRADES).alias("interest_grade"), stage.alias("stage"),
    )  # fmt: skip
