"""Limits that stop a plan before its first write; every limit that is passed is told at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from leadline.common.errors import RefusedError
from leadline.common.vocabulary import OWNER_FIELDS, PERSON_OBJECTS
from leadline.rules.causes import every_action
from leadline.rules.model import AssignOwner, Book, SetField
from leadline.sync.plan.limits import record_limit
from leadline.sync.plan.model import Plan
from leadline.sync.plan.packing import FieldWritten, Move


@dataclass(frozen=True, slots=True)
class GuardStop:
    """One limit that a plan passes. ``limit`` and ``found`` are counts of what ``guard`` counts."""

    guard: str
    limit: int
    found: int
    message: str

    def __str__(self) -> str:
        return f"guards.{self.guard}: {self.message}"


class GuardError(RefusedError):
    """A plan that its guards stop; nothing was written. ``stops`` are all of them."""

    def __init__(self, stops: Sequence[GuardStop]) -> None:
        self.stops: tuple[GuardStop, ...] = tuple(stops)
        lines = [
            f"the plan was stopped before its first write ({len(self.stops)} guards):"
            if len(self.stops) > 1
            else "the plan was stopped before its first write:"
        ]
        super().__init__("\n".join([*lines, *(f"  {stop}" for stop in self.stops)]))


class AdoptionError(RefusedError):
    """A first plan that nobody has accepted yet; ``leadline sync`` never adopts by itself."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            f"no rule book is active on these CRMs yet: the first plan ({plan.record_count()} records) must be "
            "looked at and accepted by a person. Run `leadline plan -o plan.json`, read it, "
            "then `leadline apply plan.json`"
        )


def check_guards(plan: Plan, book: Book, population: int, recent: int = 0) -> tuple[GuardStop, ...]:
    """Return every guard of the book that the plan passes; empty means that it may be applied.

    ``population`` is how many live records of people there are, ``recent`` how many were written within the hour
    before. An adoption plan is accepted by its hash instead
    of being counted, and one that undoes another plan was named by a person, so only the allow-list holds
    them. The allow-list cannot be switched off.
    """
    stops = list(_outside_allow_list(plan, book))
    if not plan.adoption and not plan.undoes:
        stops += [*_records(plan, book, population), *_backward(plan, book), *_stages(plan, book)]
        stops += [*_actions(plan, book), *_paths(plan, book), *_fields(plan, book)]
        stops += [*_crms(plan, book), *_hour(plan, book, recent)]
    return tuple(stops)


def require_guards(plan: Plan, book: Book, population: int, recent: int = 0) -> None:
    """Raise GuardError with every stop when there is one."""
    stops = check_guards(plan, book, population, recent)
    if stops:
        raise GuardError(stops)


def _outside_allow_list(plan: Plan, book: Book) -> Iterator[GuardStop]:
    outside: dict[str, int] = {}
    for written, count in plan.writes.fields().items():
        targets = book.write.get(written.crm)
        named = targets is not None and written.field in targets.fields_of(written.object)
        acted = written.acted and _acted(book, written)
        if not named and not (acted and written.object in PERSON_OBJECTS[written.crm]):
            name = f"{written.crm} {written.object}.{written.field}"
            outside[name] = outside.get(name, 0) + count
    for name, found in sorted(outside.items()):
        yield GuardStop(
            "fields", 0, found, f"{name} is not among the fields that `write:` names, so it may never be written"
        )


def _acted(book: Book, written: FieldWritten) -> bool:
    """Say whether an action of the book writes this field: an owner that it assigns, or a field that it sets."""
    place = (written.crm, written.object, written.field)
    for action in every_action(book):
        if isinstance(action, AssignOwner) and written.field == OWNER_FIELDS[written.crm]:
            return True
        if isinstance(action, SetField) and (action.crm, action.object, action.field) == place:
            return True
    return False


def _actions(plan: Plan, book: Book) -> Iterator[GuardStop]:
    """Count what is carried out; closing tasks of stages that were left makes nobody any work."""
    limit = book.guards.most_actions
    found = sum(effect.kind != "close" for effect in plan.effects)
    if limit is not None and found > limit:
        yield GuardStop("actions", limit, found, f"{found} actions would be carried out, {limit} may")


def _records(plan: Plan, book: Book, population: int) -> Iterator[GuardStop]:
    found = plan.record_count()
    limit = record_limit(book.guards, population)
    if limit is None or found <= limit.records:
        return
    yield GuardStop(
        "most",
        limit.records,
        found,
        f"{found} records would be written, {limit.records} may be ({limit.bound}); raise it if this is meant",
    )


def _backward(plan: Plan, book: Book) -> Iterator[GuardStop]:
    """Count people going back, without the stages that have a limit of their own."""
    limit = book.guards.backward
    own = book.guards.to_stage
    found = plan.writes.people(lambda move: move.backward and move.stage not in own)
    if limit is not None and found > limit:
        yield GuardStop("backward", limit, found, f"{found} people would move back or off the main path, {limit} may")


def _stages(plan: Plan, book: Book) -> Iterator[GuardStop]:
    for stage, limit in sorted(book.guards.to_stage.items()):
        found = plan.writes.people(partial(_to_stage, stage))
        if found > limit:
            yield GuardStop(f"to.{stage}", limit, found, f"{found} people would become {stage}, {limit} may")


def _paths(plan: Plan, book: Book) -> Iterator[GuardStop]:
    for path, limit in sorted(book.guards.paths.items()):
        found = plan.writes.people(partial(_by_path, path))
        if found > limit:
            yield GuardStop(f"paths.{path}", limit, found, f"{found} people would go {path}, {limit} may")


def _to_stage(stage: str, move: Move) -> bool:
    return move.stage == stage


def _by_path(path: str, move: Move) -> bool:
    # A move is told with what made it, in brackets.
    return (move.transition or "").partition(" (")[0] == path


def _fields(plan: Plan, book: Book) -> Iterator[GuardStop]:
    for crm, fields in sorted(book.guards.fields.items()):
        for name, limit in sorted(fields.items()):
            found = plan.writes.records_with(crm, name)
            if found > limit:
                said = f"{name} would be written to {found} records of {crm}, {limit} may"
                yield GuardStop(f"fields.{crm}.{name}", limit, found, said)


def _crms(plan: Plan, book: Book) -> Iterator[GuardStop]:
    for crm, limit in sorted(book.guards.crms.items()):
        found = plan.counts.records.get(crm, 0)
        if found > limit:
            yield GuardStop(crm, limit, found, f"{found} records of {crm} would be written, {limit} may")


def _hour(plan: Plan, book: Book, recent: int) -> Iterator[GuardStop]:
    limit, found = book.guards.per_hour, plan.record_count() + recent
    if limit is not None and plan.writes and found > limit:
        said = f"with {recent} records of the last hour {found} would be written, {limit} may; "
        room = plan.record_count() <= limit
        said += "the next hour has room" if room else "no hour has room for this plan: raise it if this is meant"
        yield GuardStop("per_hour", limit, found, said)
