"""A success status is not believed: what was written is read back before it is told as done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from leadline.common.values import Raw, RecordRef, WriteResult

ReadBack = Callable[[Sequence[RecordRef], Sequence[str]], Mapping[RecordRef, Mapping[str, Raw]]]


def verified(
    pages: Iterable[tuple[WriteResult, ...]], read_back: ReadBack, field: str, value: Raw
) -> Iterator[tuple[WriteResult, ...]]:
    """Yield these results, those that said ``done`` only where ``field`` really has ``value`` now."""
    for page in pages:
        done = [result.ref for result in page if result.status == "done"]
        shown = read_back(done, (field,)) if done else {}
        yield tuple(_judged(result, shown.get(result.ref), field, value) for result in page)


def _judged(result: WriteResult, shown: Mapping[str, Raw] | None, field: str, value: Raw) -> WriteResult:
    if result.status != "done" or (shown is not None and shown.get(field) == value):
        return result
    if shown is None:
        return WriteResult(result.ref, "gone", "NOT_FOUND", "the record is not there any more")
    return WriteResult(result.ref, "permanent", "IGNORED", "the CRM said yes and kept another value", (field,))
