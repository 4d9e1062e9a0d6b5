"""Ids of decisions for whole columns: the same digest of the same canonical text, put together from shared parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from leadline.batch.columns.arrays import Ints, distinct, packed
from leadline.batch.columns.scoring import Cards
from leadline.batch.columns.settling import Positions, Settler
from leadline.batch.columns.stories import Stories, position_at
from leadline.common.canonical import canonical_json
from leadline.rules.state import Outcome, ScoreValue

_ABSENT = ""


def decision_ids(
    settler: Settler, cards: Cards, positions: Positions, stories: Stories, people: Sequence[str], at: datetime
) -> list[str]:
    """Return the id of each person's decision at ``at``, as ``rules.deciding.decisions`` gives it.

    The text of a decision ends with the person, so all who share the rest share its digest up to there.
    """
    rest, places = _different(settler, cards, positions)
    digests = []
    for row in _samples(places, rest.size).tolist():
        outcome = _outcome(settler, cards, positions, stories, row)
        moves = stories.found[int(positions.story[row])].moves
        content = {"after": outcome, "at": at, "before": None, "book": settler.book.hash, "moves": moves, "person": _ABSENT}
        text = canonical_json(content)
        digests.append(hashlib.sha256(text.removesuffix('""}').encode()))
    found = []
    for person, place in zip(people, places.tolist(), strict=True):
        made = digests[place].copy()
        made.update(f"{json.dumps(person, ensure_ascii=False)}}}".encode())
        found.append(f"d-{made.hexdigest()[:20]}")
    return found


def _different(settler: Settler, cards: Cards, positions: Positions) -> tuple[Ints, Ints]:
    columns = [(positions.story, int(positions.story.max(initial=0)) + 1)]
    for name in settler.book.scores:
        points = cards.points(name)
        for one in (points.value, points.lowest, points.highest):
            values, codes = distinct(one - one.min(initial=0))
            columns.append((codes, max(1, values.size)))
    codes, reasons = cards.disqualified()
    columns.append((codes, max(1, len(reasons))))
    for instants in (positions.since, positions.pass_number, positions.began, *positions.entered):
        values, codes = distinct(instants)
        columns.append((codes, max(1, values.size)))
    columns += [(row.astype(np.int64), 2) for row in positions.implied]
    return distinct(packed(list(columns), positions.stage.size))


def _samples(places: Ints, count: int) -> Ints:
    found = np.zeros(count, np.int64)
    found[places[::-1]] = np.arange(places.size)[::-1]
    return found


def _outcome(settler: Settler, cards: Cards, positions: Positions, stories: Stories, row: int) -> Outcome:
    position = position_at(settler, positions, row, stories.found[int(positions.story[row])].why)
    scores = {}
    for name in settler.book.scores:
        points, scale = cards.points(name), cards.scales[name]
        scores[name] = ScoreValue(*(scale.decimal(int(one[row])) for one in (points.value, points.lowest, points.highest)))
    grades = {}
    for name, score in settler.book.scores.items():
        if score.grades:
            codes, names = cards.grades(name)
            grades[name] = names[codes[row]]
    (cells, cell_names), (heat, heat_names), (out, reasons) = cards.cells(), cards.temperatures(), cards.disqualified()
    return Outcome(
        position.stage,
        position.since,
        position.pass_number,
        scores,
        grades,
        cell_names[cells[row]],
        heat_names[heat[row]],
        reasons[out[row]],
        position.previous,
        position.why,
        position.entered,
    )


