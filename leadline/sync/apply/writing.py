"""Writing one phase to one CRM: largest batches, every intent claimed before its call and settled after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import tenacity

from leadline.common.values import RecordRef, WriteResult
from leadline.connectors.protocol import WriteConnector
from leadline.sync.apply.report import ApplyEvent, Retrying, Writing
from leadline.sync.journal import Entry, Journal
from leadline.sync.store.applying import Settlement
from leadline.sync.store.journal import IntentStatus

_STATUSES: dict[str, IntentStatus] = {"done": "done", "transient": "planned", "permanent": "parked", "gone": "gone"}


def _jittered() -> Any:
    return tenacity.wait_random_exponential(multiplier=0.5, max=20)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often rows that failed for now are tried, and how long to wait between (a tenacity wait, a sleeper)."""

    attempts: int = 4
    wait: Any = field(default_factory=_jittered)
    sleep: Callable[[float], None] = tenacity.nap.sleep


def write_phase(
    journal: Journal,
    writer: WriteConnector,
    entries: Sequence[Entry],
    patience: Patience,
    on_event: Callable[[ApplyEvent], None],
) -> None:
    """Write these entries (one phase, one CRM) and settle each; only rows that failed for now are tried again.

    Raises what the connector raises when the CRM breaks off; the entries of that call are open again then.
    """
    attempt = 0

    def once(left: Sequence[Entry]) -> list[Entry]:
        nonlocal attempt
        attempt += 1
        if attempt > 1:
            on_event(Retrying(writer.crm, len(left), attempt))
        return _round(journal, writer, left, on_event)

    left = list(entries)
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(patience.attempts),
        wait=patience.wait,
        sleep=patience.sleep,
        retry=tenacity.retry_if_exception_type(_RowsLeftError),
        reraise=True,
    )
    try:
        for trial in retrying:
            with trial:
                left = once(left)
                if left:
                    raise _RowsLeftError
    except _RowsLeftError:
        journal.settle([Settlement(entry.id, "failed", entry.code, entry.message) for entry in left])


class _RowsLeftError(Exception):
    """Some rows failed for now."""


def _round(
    journal: Journal, writer: WriteConnector, entries: Sequence[Entry], on_event: Callable[[ApplyEvent], None]
) -> list[Entry]:
    by_ref = {entry.ref: entry for entry in entries}
    left: list[Entry] = []
    done = 0
    for batch in writer.batches([entry.place() for entry in entries]):
        claimed = journal.claim([by_ref[write.ref] for write in batch])
        left += _send(journal, writer, claimed)
        done += len(batch)
        on_event(Writing(writer.crm, done, len(entries)))
    return left


def _send(journal: Journal, writer: WriteConnector, claimed: Sequence[Entry]) -> list[Entry]:
    """Send one claimed batch; whatever happens to the call, each of its intents is settled or open again."""
    if not claimed:
        return []
    waiting = {entry.ref: entry for entry in claimed}
    again: list[Entry] = []
    answered = False
    try:
        # Closed at once when we stop here: a job that the CRM still works on is ended then.
        with closing(writer.write([entry.write() for entry in claimed])) as pages:
            for page in pages:
                results = [(entry, result) for result in page if (entry := waiting.pop(result.ref, None)) is not None]
                again += [_failed(entry, result) for entry, result in results if result.status == "transient"]
                journal.settle([_settlement(entry, result) for entry, result in results])
                if waiting:
                    journal.go_on()
        answered = True
    finally:
        # After an error nobody knows what became of the rest: open again, because values are absolute.
        rest: IntentStatus = "failed" if answered else "planned"
        journal.settle([Settlement(entry.id, rest, "NO_ANSWER" if answered else "") for entry in waiting.values()])
    return again


def _failed(entry: Entry, result: WriteResult) -> Entry:
    return Entry(entry.id, "planned", entry.row, result.code, result.message)


def _settlement(entry: Entry, result: WriteResult) -> Settlement:
    return Settlement(entry.id, _STATUSES[result.status], result.code, result.message, _blamed(entry, result))


def _blamed(entry: Entry, result: WriteResult) -> tuple[str, ...]:
    """Keep only fields of ours: a CRM may blame one that was not written."""
    return tuple(sorted({write.field for write in entry.group} & set(result.fields)))


def refs_of(entries: Sequence[Entry]) -> list[RecordRef]:
    """Return the records of these entries, each once, in order."""
    return list(dict.fromkeys(entry.ref for entry in entries))
