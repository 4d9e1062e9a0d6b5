"""The moves that may leave each stage, compiled once per book, and the truth vector of one person before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from leadline.common.errors import RefusedError
from leadline.common.sealed import sealed
from leadline.rules.backends.vectors import FALSE, TRUE, UNKNOWN, PossibleMove, StageRules, Vector
from leadline.rules.deciding.conditions import Node, both, compile_condition
from leadline.rules.deciding.criteria import next_change
from leadline.rules.deciding.history import History
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.scores import Card
from leadline.rules.exits import Exit, exits
from leadline.rules.model import Book, Transition
from leadline.rules.state import Hold, StageDate, Timer, Unreadable

MAIN_PATH = "main path"
BY_DISQUALIFICATION = "disqualified"
BY_HUMAN = "human"
_UNLISTED = {"main": MAIN_PATH, "human": BY_HUMAN}


@dataclass(frozen=True, slots=True)
class Way:
    """One way out of a stage: a transition, or the main path to ``target``; ``target`` is empty for a human move."""

    move: PossibleMove
    target: str
    by: str
    transition: Transition | None = None
    when: Node | None = None
    lift: Node | None = None
    require: tuple[str, ...] = ()


@sealed
class Position:
    """Where one person stands in the lifecycle, between two steps of the fold."""

    stage: str
    since: datetime
    pass_number: int
    pass_began: datetime
    previous: str | None
    why: str
    entered: Mapping[str, StageDate]
    taken: Mapping[str, int] = field(default_factory=dict)
    hold: Hold | None = None
    waits_for: str | None = None
    waits_since: datetime | None = None
    waits_in: str = ""
    timers: Mapping[str, Timer] = field(default_factory=dict)

    @property
    def floor(self) -> datetime | None:
        """From when signals and activities count; a first pass has no earlier one to keep out."""
        return None if self.pass_number == 1 else self.pass_began


class Lifecycle:
    """The stages of a book with the ways out of each, by precedence."""

    __slots__ = ("_rooms", "book", "rules", "stays", "ways")

    def __init__(self, book: Book) -> None:
        self.book = book
        self.stays = {
            name: compile_condition(stage.stay, book) for name, stage in book.stages.items() if stage.stay is not None
        }
        for name, stay in self.stays.items():
            if stay.stays:
                raise RefusedError(f"the stay criterion of stage `{name}` asks for itself; say what it shall hold")
        enters = {
            name: compile_condition(stage.enter, book)
            for name, stage in book.stages.items()
            if stage.enter is not None
        }
        leaves = {
            name: compile_condition(stage.exit, book) for name, stage in book.stages.items() if stage.exit is not None
        }
        self.ways = {
            name: tuple(
                _leaving(book, name, _way(book, found, enters, number), leaves.get(name))
                for number, found in enumerate(exits(book, name))
            )
            for name in book.stages
        }
        self.rules = {name: StageRules(name, tuple(way.move for way in ways)) for name, ways in self.ways.items()}
        self._rooms = {name: _places_of_rooms(rules) for name, rules in self.rules.items()}

    def moment(self, history: History, t: datetime, card: Card, position: Position) -> Moment:
        """Return what the conditions at this position look at."""
        stay = self.stays.get(position.stage)
        return Moment(
            history,
            t,
            position.floor,
            card,
            position.since,
            stay,
            position.pass_number,
            position.previous,
            position.entered,
            position.timers,
        )

    def vector(self, moment: Moment, position: Position, human: str | None) -> Vector:
        """Return the truth vector at this position; ``human`` is the stage that a person set at this instant."""
        values = [TRUE if position.hold is not None else FALSE]
        for way in self.ways[position.stage]:
            if way.by == BY_HUMAN:
                values.append(TRUE if human is not None and not self._overruled(moment, human) else FALSE)
                continue
            values.append(truth(way.when, moment))
            if way.move.require is not None:
                values.append(FALSE if missing(way, moment) else TRUE)
            if way.transition is not None:
                values += self._limits(way, moment, position)
            if way.move.room is not None:
                values.append(TRUE if moment.history.has_place(way.target, moment.t) else FALSE)
        return tuple(values)

    def with_room(self, stage: str, vector: Vector) -> Vector:
        """Return the vector as if there were a place in every stage that one may be missing in."""
        rooms = self._rooms[stage]
        return tuple(TRUE if number in rooms else value for number, value in enumerate(vector)) if rooms else vector

    def next_change(self, moment: Moment, position: Position) -> datetime | None:
        """Return an instant after ``t``, not later than the first at which time alone can open or close a way out."""
        found: list[datetime | None] = []
        if position.hold is not None and position.hold.until is not None and position.hold.until > moment.t:
            found.append(position.hold.until)
        for way in self.ways[position.stage]:
            if way.when is not None:
                found.append(next_change(way.when, moment))
            ends = cool_down_ends(way, position)
            if ends is not None and ends > moment.t:
                found.append(ends)
                if way.lift is not None:
                    found.append(next_change(way.lift, since_entering(moment, position)))
        return min((turn for turn in found if turn is not None), default=None)

    def next_change_anywhere(self, moment: Moment) -> datetime | None:
        """Return an instant after ``t``, not later than the first at which time alone changes any stage's condition.

        Who is kept in a livelock went through other stages, and leaves it when one of their ways out closes. Time in
        those stages does not pass: they are entered anew at each instant.
        """
        found: list[datetime | None] = []
        for stage, ways in self.ways.items():
            there = Moment(moment.history, moment.t, None, moment.card, None, self.stays.get(stage))
            found += [next_change(way.when, there) for way in ways if way.when is not None]
        return min((turn for turn in found if turn is not None), default=None)

    def _limits(self, way: Way, moment: Moment, position: Position) -> list[int]:
        values = []
        transition = way.transition
        if way.move.remaining is not None and transition is not None and transition.at_most is not None:
            values.append(TRUE if position.taken.get(transition.id, 0) < transition.at_most else FALSE)
        ends = cool_down_ends(way, position)
        if ends is not None:
            values.append(TRUE if ends <= moment.t else FALSE)
            if way.lift is not None:
                values.append(truth(way.lift, since_entering(moment, position)))
        return values

    def _overruled(self, moment: Moment, human: str) -> bool:
        """Tell whether a disqualifier, which outranks people, would at once lead out of the stage that one chose."""
        leads_out = any(way.by == BY_DISQUALIFICATION for way in self.ways[human])
        return leads_out and moment.card is not None and moment.card.is_disqualified() is True


def truth(node: Node | None, moment: Moment) -> int:
    """Return a condition's place in the vector; one that reads an unreadable field is unknown whatever it says."""
    if node is None:
        return FALSE
    answer = node.holds(moment)
    if answer is None or (moment.history.unreadable and node.unreadable(moment)):
        return UNKNOWN
    return TRUE if answer else FALSE


def missing(way: Way, moment: Moment) -> tuple[str, ...]:
    """Return the fields that the target requires and that have no value, or an unreadable one."""
    return tuple(
        name for name in way.require if (value := moment.value(name)) is None or isinstance(value, Unreadable)
    )


def cool_down_ends(way: Way, position: Position) -> datetime | None:
    """Return when a transition's cool-down is over; None where it has none."""
    if way.transition is None or way.transition.after is None:
        return None
    return position.since + way.transition.after


def since_entering(moment: Moment, position: Position) -> Moment:
    """Look only at what happened after the stage was entered: what led into it does not lift its cool-down."""
    entered = replace(moment)
    entered.floor = position.since + datetime.resolution
    return entered


def _way(book: Book, found: Exit, enters: Mapping[str, Node], number: int) -> Way:
    """Compile one way out; its signals get names of their own, short and unique in the vector."""
    item, require = found.transition, book.stages[found.target].require if found.target else ()
    waits = item is not None and item.after is not None
    lift = compile_condition(item.at_once_when, book) if waits and item is not None and item.at_once_when else None
    move = PossibleMove(
        found.kind,
        f"c{number}",
        f"r{number}" if require else None,
        f"m{number}" if item is not None and item.at_most is not None else None,
        f"w{number}" if waits else None,
        f"l{number}" if lift is not None else None,
        f"g{number}" if found.needs_room(book) else None,
    )
    if item is None:
        return Way(move, found.target, _UNLISTED[found.kind], None, enters.get(found.target), None, require)
    when = enters.get(found.target) if item.when is None else compile_condition(item.when, book)
    by = BY_DISQUALIFICATION if found.kind == "disqualify" else item.id
    return Way(move, found.target, by, item, when, lift, require)


def _leaving(book: Book, stage: str, way: Way, leave: Node | None) -> Way:
    """Let a way forward on the main path ask for the exit criterion of its stage, too."""
    if leave is None or way.when is None or not book.forward(stage, way.target):
        return way
    return replace(way, when=both(way.when, leave))


def _places_of_rooms(rules: StageRules) -> frozenset[int]:
    """Return the places in a stage's vector that say whether there is room."""
    names = {move.room for move in rules.moves if move.room is not None}
    return frozenset(number for number, name in enumerate(rules.signals) if name in names)
