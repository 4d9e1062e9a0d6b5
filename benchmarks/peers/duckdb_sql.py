"""DuckDB: one statement on one thread over the same Arrow tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow

from benchmarks.peers.peer import FIT_GRADES, INTEREST_GRADES, Answer, Work
from benchmarks.workload import DAY, MICROS, Rules


@dataclass(frozen=True, slots=True)
class DuckdbSql:
    """Conditional sums; the engine reads Arrow without a copy."""

    name: str = "DuckDB SQL by hand"
    from_features: bool = False
    most: int = 10**9

    def prepare(self, work: Work) -> Callable[[], Any]:
        """See ``Peer``."""
        import duckdb

        connection = duckdb.connect(config={"threads": 1})
        if self.from_features:
            connection.register("features", work.features)
            statement = _staged(_features(work.rules))
        else:
            connection.register("people", work.people)
            at = work.activities["at"].cast(pyarrow.int64())
            connection.register("happened", work.activities.set_column(2, "moment", at))
            statement = _staged(_raw(work.rules))
        return lambda: connection.sql(statement).fetchnumpy()

    def answer(self, found: Any) -> Answer:
        """See ``Peer``."""
        return Answer(*(found[name] for name in Answer._fields))


def _raw(chosen: Rules) -> str:
    def attribute(least: bool) -> str:
        parts = []
        for one in chosen.attributes:
            names = ", ".join(f"'{value}'" for value in one.values)
            missing = min(0, one.points) if least else 0
            parts.append(
                f"case when {one.field} in ({names}) then {one.points}"
                f" when {one.field} is null then {missing} else 0 end"
            )
        parts += [f"case when {one.field} >= {one.edge} then {one.points} else 0 end" for one in chosen.edges]
        return " + ".join(parts)

    counts = ", ".join(
        f"least({line.most}, count(*) filter (where activity = '{line.activity}'"
        f" and moment > {MICROS - line.days * DAY})) * {line.points} as c{number}"
        for number, line in enumerate(chosen.counted)
    )
    total = " + ".join(f"coalesce(c{number}, 0)" for number in range(len(chosen.counted)))
    return f"""with summed as (select person_id, {counts} from happened group by person_id),
        added as (select person_id, {attribute(False)} as fit, {attribute(True)} as lowest,
                         {total} as interest, authority, need, budget
                  from people left join summed using (person_id))"""


def _features(chosen: Rules) -> str:
    truths = [(f"a{number}", one.points) for number, one in enumerate(chosen.attributes)]
    truths += [(f"e{number}", one.points) for number, one in enumerate(chosen.edges)]
    fit = " + ".join(f"case when {name} then {points} else 0 end" for name, points in truths)
    missing = " + ".join(
        f"case when {name} is null then {points} else 0 end" for name, points in truths if points < 0
    )
    interest = " + ".join(f"c{number}::integer * {line.points}" for number, line in enumerate(chosen.counted))
    return f"""with added as (select person_id, {fit} as fit, {fit} + {missing or 0} as lowest,
                         {interest} as interest, authority, need, budget from features)"""


def _staged(added: str) -> str:
    def grade(name: str, grades: tuple[tuple[str, int], ...]) -> str:
        cases = " ".join(f"when {name} >= {edge} then {place}" for place, (_, edge) in enumerate(grades[:-1]))
        return f"case {cases} else {len(grades) - 1} end as {name}_grade"

    return f"""{added},
        scored as (select person_id, greatest(0, least(100, fit)) as fit, greatest(0, least(100, lowest)) as lowest,
                          greatest(0, least(100, interest)) as interest, authority, need, budget from added)
        select fit, interest, {grade("fit", FIT_GRADES)}, {grade("interest", INTEREST_GRADES)}, case
            when lowest >= 40 and authority and need and budget then 5 when lowest >= 40 and authority and need then 4
            when lowest >= 30 and interest >= 30 and authority then 3 when lowest >= 20 and interest >= 30 then 2
            when interest >= 20 then 1 else 0 end as stage
        from scored order by person_id"""
