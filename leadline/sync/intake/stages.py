"""Stages that the CRMs already hold: moves made by hand, and the state that adoption starts from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time

from leadline.common.folding import fold
from leadline.common.values import Raw, RecordRef
from leadline.common.vocabulary import stage_date_field
from leadline.rules.convert import stage_of
from leadline.rules.model import Book, WriteTargets
from leadline.rules.state import Adopted, Fact, Unreadable
from leadline.sync.intake.rows import Observation
from leadline.sync.plan.normal import normal


def human_facts(book: Book, history: Sequence[Observation]) -> Iterator[tuple[int, Fact]]:
    """Yield (cycle learnt, fact) for each stage that a person set in a CRM.

    That is a change of the stage field after the record's first observation, to a value of another stage than we
    wrote, whose author the CRM names and the book does not call a machine. An author alone does not prove a human
    (routing tools act as users): list those under ``machines``.
    """
    targets = book.write.get(history[0].ref.crm) if history else None
    if targets is None or targets.stage is None:
        return
    field, machines = targets.stage.field, {fold(name) for name in book.machines}
    for observation in history[1:]:
        if field not in observation.changed or field in observation.echo or observation.deleted:
            continue
        author = fold(observation.author)
        given = observation.changed[field]
        if not author or author in machines or isinstance(given, Unreadable):
            continue
        stage = stage_of(book, observation.ref.crm, given)
        if stage is not None:
            ref = observation.ref
            fact = Fact("human", observation.author, stage, observation.at, ref.crm, str(ref), observation.seen)
            yield observation.cycle, fact


def adopted_state(book: Book, histories: Mapping[RecordRef, Sequence[Observation]]) -> Adopted:
    """Return the stage and dates that a person's live records show.

    The first record in the order of ``primary`` whose stage field names a stage decides; its own ``entered`` fields
    give the dates, and where those are empty the dates that the CRM keeps itself.
    """
    shown = {ref: raw for ref, history in histories.items() if (raw := _present(history)) is not None}
    rank = {name: place for place, name in enumerate(book.primary)}
    for ref in sorted(shown, key=lambda ref: (rank.get(ref.object, len(rank)), ref)):
        targets = book.write.get(ref.crm)
        if targets is None or targets.stage is None:
            continue
        stage = stage_of(book, ref.crm, shown[ref].get(targets.stage.field))
        if stage is not None:
            entered = _entered(targets, ref, shown[ref])
            passes = _passes(targets, ref, shown[ref])
            return Adopted(stage, entered.get(stage), passes, entered)
    return Adopted()


def _present(history: Sequence[Observation]) -> dict[str, Raw] | None:
    """Return a record's readable fields, None when it is deleted or converted."""
    raw: dict[str, Raw | Unreadable] = {}
    for observation in history:
        raw.update(observation.changed)
    if not history or history[-1].deleted or raw.get("IsConverted") is True:
        return None
    return {name: value for name, value in raw.items() if not isinstance(value, Unreadable)}


def _entered(targets: WriteTargets, ref: RecordRef, raw: Mapping[str, Raw]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for stage, field in (*_kept_by_crm(targets), *targets.entered.items()):
        value = normal(raw.get(field), "datetime", ref.crm)
        if isinstance(value, datetime):
            found[stage] = value
        elif isinstance(value, date):
            found[stage] = datetime.combine(value, time(), tzinfo=UTC)
    return found


def _kept_by_crm(targets: WriteTargets) -> Iterator[tuple[str, str]]:
    """Yield (stage, field) for the dates that the CRM keeps itself; our own ``entered`` fields outrank them."""
    if targets.stage is not None:
        for stage, value in targets.stage.values.items():
            field = stage_date_field(targets.crm, targets.stage.field, value) if value is not None else None
            if field is not None:
                yield stage, field


def _passes(targets: WriteTargets, ref: RecordRef, raw: Mapping[str, Raw]) -> int:
    if targets.pass_number is None:
        return 1
    text = str(normal(raw.get(targets.pass_number), "number", ref.crm) or "1")
    return max(1, int(text)) if text.isdecimal() else 1
