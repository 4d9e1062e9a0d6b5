"""Ids of decisions for whole columns: the digest of the same canonical text, put together from shared parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from leadline.batch.columns.arrays import Ints, distinct, packed
from leadline.batch.columns.points import Points
from leadline.batch.columns.scale import Scale
from leadline.batch.columns.scoring import Cards
from leadline.batch.columns.settling import Positions, Settler
from leadline.batch.columns.stories import Stories, position_at
from leadline.common.canonical import canonical_json
from leadline.rules.state import ScoreValue

Part = tuple[list[int], list[str]]
"""A code a person, and the text of each code."""


def decision_ids(
    settler: Settler, cards: Cards, positions: Positions, stories: Stories, people: Sequence[str], at: datetime
) -> list[str]:
    """Return the id of each person's decision at ``at``, as ``rules.deciding.decisions`` gives it.

    The parts stand in the order of the canonical text's sorted keys.
    """
    parts = _parts(settler, cards, positions, stories, at)
    texts = [part[1] for part in parts]
    found = []
    for person, *codes in zip(people, *(part[0] for part in parts), strict=True):
        text = "".join([known[code] for known, code in zip(texts, codes, strict=True)])
        whole = f"{text}{json.dumps(person, ensure_ascii=False)}}}"
        found.append(f"d-{hashlib.sha256(whole.encode()).hexdigest()[:20]}")
    return found


def _parts(settler: Settler, cards: Cards, positions: Positions, stories: Stories, at: datetime) -> list[Part]:
    groups, samples = _places(positions)
    places = groups.tolist()
    rows = [_placed(settler, positions, stories, row, at) for row in samples.tolist()]
    cells, cell_names = cards.cells()
    out, reasons = cards.disqualified()
    heat, heat_names = cards.temperatures()
    graded = sorted(name for name, score in settler.book.scores.items() if score.grades)
    parts: list[Part] = [
        (cells.tolist(), [f'{{"after":{{"cell":{canonical_json(name)},"disqualified":' for name in cell_names]),
        (out.tolist(), [f'{canonical_json(one)},"entered":' for one in reasons]),
        (places, [f'{row[0]},"grades":{{' for row in rows]),
    ]
    for number, name in enumerate(graded):
        codes, names = cards.grades(name)
        comma = "," if number else ""
        parts.append(
            (
                codes.tolist(),
                [f"{comma}{json.dumps(name, ensure_ascii=False)}:{canonical_json(grade)}" for grade in names],
            )
        )
    parts.append((places, [f'}},{row[1]},"scores":{{' for row in rows]))
    for number, name in enumerate(sorted(settler.book.scores)):
        comma = "," if number else ""
        parts.append(
            _score(f"{comma}{json.dumps(name, ensure_ascii=False)}:", cards.points(name), cards.scales[name])
        )
    parts.append((places, [f'}},{row[2]},"temperature":' for row in rows]))
    parts.append((heat.tolist(), [f'{canonical_json(name)},"why":' for name in heat_names]))
    parts.append((places, [row[3] for row in rows]))
    return parts


def _score(head: str, points: Points, scale: Scale) -> Part:
    columns, kinds = [], []
    for one in (points.value, points.lowest, points.highest):
        values, codes = distinct(one - int(one.min(initial=0)))
        columns.append((codes, max(1, values.size)))
        kinds.append(one)
    keys, places = distinct(packed(list(columns), points.value.size))
    rows = _samples(places, keys.size)
    told = [ScoreValue(*(scale.decimal(int(one[row])) for one in kinds)) for row in rows.tolist()]
    return places.tolist(), [head + canonical_json(value) for value in told]


def _places(positions: Positions) -> tuple[Ints, Ints]:
    """Group people who stand alike in the lifecycle, whatever their scores; return one of each group, too."""
    columns: list[tuple[Any, int]] = [(positions.story, int(positions.story.max(initial=0)) + 1)]
    for instants in (positions.since, positions.pass_number, positions.began, *positions.entered):
        values, codes = distinct(instants)
        columns.append((codes, max(1, values.size)))
    columns.append((positions.stage.astype(np.int64), positions.entered.shape[0]))
    columns.append((positions.previous.astype(np.int64) + 1, positions.entered.shape[0] + 1))
    columns += [(row.astype(np.int64), 2) for row in positions.implied]
    keys, places = distinct(packed(columns, positions.stage.size))
    return places, _samples(places, keys.size)


def _placed(settler: Settler, positions: Positions, stories: Stories, row: int, at: datetime) -> list[str]:
    """Return the parts of the text that say where somebody stands and how they came there."""
    story = stories.found[int(positions.story[row])]
    held = position_at(settler, positions, row, story.why)
    passes = canonical_json({"pass_number": held.pass_number, "previous": held.previous})[1:-1]
    stage = canonical_json({"since": held.since, "stage": held.stage})[1:-1]
    rest = canonical_json({"at": at, "before": None, "book": settler.book.hash, "moves": story.moves})[1:-1]
    return [canonical_json(held.entered), passes, stage, f'{canonical_json(story.why)}}},{rest},"person":']


def _samples(places: Ints, count: int) -> Ints:
    found = np.zeros(count, np.int64)
    found[places[::-1]] = np.arange(places.size)[::-1]
    return found
