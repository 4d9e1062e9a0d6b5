"""The next change of everybody: all go on to their own next breakpoint until something differs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from leadline.batch.columns.arrays import NEVER, Bools, Ints, each
from leadline.batch.columns.frame import Frame
from leadline.batch.columns.scoring import Cards
from leadline.batch.columns.settling import Positions, Settler
from leadline.batch.columns.truths import Truth


def next_changes(
    settler: Settler,
    cards_at: Callable[[Frame, Ints], Cards],
    before: Cards,
    positions: Positions,
) -> tuple[Ints, Ints]:
    """Return the first instant after ``before`` at which each outcome differs, and who has to be asked one by one.

    ``NEVER`` for who never changes again. ``positions`` are where people rest at ``before``; they are not changed.
    A person who would come to a stage twice at an instant is to be asked alone.
    """
    frame = before.asked.frame
    found = np.full(frame.people, NEVER, np.int64)
    alone: list[Ints] = []
    turns = _breakpoints(settler, before, positions)
    live = np.flatnonzero(turns < NEVER)
    held = before
    rest = positions
    row = live
    while live.size:
        part = held.asked.frame.take(row)
        now = cards_at(part, turns[row])
        rest = rest.take(row)
        differs = _differs(before, live, now)
        calm = np.flatnonzero(~differs)
        moving = np.zeros(live.size, np.bool_)
        if calm.size:
            moving = settler.moving(now.asked, rest) & ~differs
        alone.append(live[_comes_twice(settler, now, rest, moving)])
        changed = differs | moving
        found[live[changed]] = turns[row][changed]
        following = _breakpoints(settler, now, rest)
        row = np.flatnonzero(~changed & (following < NEVER))
        live, turns, held = live[row], following, now
    return found, np.concatenate(alone) if alone else np.zeros(0, np.int64)


def _breakpoints(settler: Settler, cards: Cards, positions: Positions) -> Ints:
    found = np.minimum(cards.next_change(), settler.next_change(cards.asked, positions))
    return np.minimum(found, cards.asked.frame.following(cards.t))


def _differs(before: Cards, who: Ints, now: Cards) -> Bools:
    """Return of whom a score, a bound or a disqualification is not as it was."""
    found = np.zeros(who.size, np.bool_)
    for name in before.scoring.scores:
        one, other = before.points(name), now.points(name)
        for was, is_now in ((one.value, other.value), (one.lowest, other.lowest), (one.highest, other.highest)):
            found |= was[who] != is_now
    if before.scoring.disqualifiers:
        (codes, reasons), (others, theirs) = before.disqualified(), now.disqualified()
        same = np.array([[one == other for other in theirs] for one in reasons], np.bool_)
        found |= ~same[codes[who], others]
    return found


def _comes_twice(settler: Settler, cards: Cards, positions: Positions, moving: Bools) -> Ints:
    """Return which rows of the moving ones would meet a stage twice."""
    rows = np.flatnonzero(moving)
    if not rows.size:
        return rows
    t = each(cards.t, moving.size)[rows]
    truth = Truth(cards.asked.book, cards.asked.stages, cards.asked.frame.take(rows), t)
    Cards(cards.scoring, cards.scales, truth, cards.remembered)
    twice = settler.settle(truth, positions.take(rows))
    return rows[twice]
