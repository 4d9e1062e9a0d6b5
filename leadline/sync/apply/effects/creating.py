"""Making things in one CRM: claimed, asked for, looked for, believed only when they are seen to stand there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import tenacity

from leadline.connectors.protocol import CREATIONS, CreateResult, Made, WriteConnector
from leadline.sync.apply.effects.rows import EffectJournal, Item
from leadline.sync.apply.writing import Patience
from leadline.sync.store.effect_journal import EffectSettlement
from leadline.sync.store.effects import OWNER_DIFFERS, EffectStatus

_STATUSES: dict[str, EffectStatus] = {"transient": "planned", "permanent": "parked", "gone": "skipped"}


def serve(journal: EffectJournal, writer: WriteConnector, patience: Patience) -> None:
    """Carry out this CRM's effects; raises what the connector raises, with every row as far as it is known.

    What is claimed is looked for before it is asked for again, whoever claimed it: so an answer that never came, a
    run that died and a success that is yet to be verified are one and the same case.
    """
    try:
        for trial in tenacity.Retrying(
            stop=tenacity.stop_after_attempt(patience.attempts),
            wait=patience.wait,
            sleep=patience.sleep,
            retry=tenacity.retry_if_exception_type(_EffectsLeftError),
            reraise=True,
        ):
            with trial:
                _look(journal, writer, patience)
                _make(journal, writer)
                _close(journal, writer)
                _look(journal, writer, patience)
                if _mine(journal, writer, "planned", "claimed"):
                    raise _EffectsLeftError
    except _EffectsLeftError:
        left = _mine(journal, writer, "planned")
        journal.settle([EffectSettlement(item.key, "failed", item.code, item.message) for item in left])


class _EffectsLeftError(Exception):
    """Some effects failed for now."""


def _mine(journal: EffectJournal, writer: WriteConnector, *statuses: EffectStatus) -> list[Item]:
    kinds = {*CREATIONS, "close"}
    return [item for item in journal.items(*statuses) if item.crm == writer.crm and item.kind in kinds]


def _make(journal: EffectJournal, writer: WriteConnector) -> None:
    waiting = {item.key: item for item in _mine(journal, writer, "planned") if item.kind in CREATIONS}
    for batch in writer.creation_batches([item.creation() for item in waiting.values()]):
        claimed = journal.claim([waiting[creation.key] for creation in batch])
        for page in writer.create([item.creation() for item in claimed]):
            journal.settle([settled for result in page for settled in _answered(result)])


def _answered(result: CreateResult) -> Iterator[EffectSettlement]:
    """Take down what was said; a success stays claimed until it is seen, and silence until it is looked for."""
    if result.status == "done":
        yield EffectSettlement(result.key, "claimed", "", "", result.remote_id)
    elif result.status != "unknown":
        code = result.code or result.status.upper()
        yield EffectSettlement(result.key, _STATUSES[result.status], code, result.message, result.remote_id)


def _look(journal: EffectJournal, writer: WriteConnector, patience: Patience) -> None:
    """Find out what became of everything that is claimed."""
    claimed = _mine(journal, writer, "claimed")
    journal.reopen([item for item in claimed if item.kind == "close"])  # closing twice is harmless
    made = [item for item in claimed if item.kind in CREATIONS]
    if not made:
        return
    unanswered = [item for item in made if not item.remote_id]
    _settle_down(journal, writer, unanswered, patience)
    known = {item.key: item.remote_id for item in made if item.remote_id}
    found = writer.find_created([item.creation() for item in made], known)
    journal.settle([_seen(item, found[item.key]) for item in made if item.key in found])
    journal.settle(
        [
            EffectSettlement(item.key, "parked", "NOT_VERIFIED", "the CRM said yes and shows nothing of it")
            for item in made
            if item.key not in found and item.remote_id
        ]
    )
    journal.reopen([item for item in unanswered if item.key not in found])


def _settle_down(
    journal: EffectJournal, writer: WriteConnector, unanswered: Sequence[Item], patience: Patience
) -> None:
    """Wait until a request without an answer can no longer create anything: before that, not seen is not known."""
    if not unanswered:
        return
    settling = writer.settling([item.creation() for item in unanswered])
    passed = journal.clock() - max(item.changed_at for item in unanswered)
    rest = settling - max(passed, timedelta(0))  # never more, even where clocks of two runs disagree
    if rest > timedelta(0):
        patience.sleep(rest.total_seconds())


def _seen(item: Item, made: Made) -> EffectSettlement:
    wanted = item.fields.get("owner")
    if wanted and made.owner is not None and made.owner != wanted:
        text = "it stands there with another owner: look for an assignment rule or flow on tasks"
        return EffectSettlement(item.key, "parked", OWNER_DIFFERS, text, made.remote_id)
    return EffectSettlement(item.key, "done", "", "", made.remote_id)


def _close(journal: EffectJournal, writer: WriteConnector) -> None:
    """Complete the tasks of stages that were left; one that somebody deleted needs it no more."""
    waiting = [item for item in _mine(journal, writer, "planned") if item.kind == "close"]
    claimed = journal.claim(waiting) if waiting else []
    by_task = {str(item.fields["task"]): item for item in claimed}
    for page in writer.close_tasks(list(by_task)):
        results: list[EffectSettlement] = []
        for result in page:
            item = by_task[result.ref.id]
            if result.status in {"done", "gone"}:
                results.append(EffectSettlement(item.key, "done", result.code, result.message, result.ref.id))
            else:
                results.append(EffectSettlement(item.key, _STATUSES[result.status], result.code, result.message))
        ended = {settled.key for settled in results if settled.status == "done"}
        journal.close_tasks_of([str(item.fields["closes"]) for item in claimed if item.key in ended])
        journal.settle(results)
