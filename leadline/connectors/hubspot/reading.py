"""Reading rows by id, in batches: no search index stands in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from leadline.common.chunking import chunks
from leadline.connectors.http_meter import Purpose
from leadline.connectors.hubspot.client import ApiObjects, HubSpotClient, Row, raw, results_of
from leadline.connectors.hubspot.names import Kind

RECORDS_A_CALL: Final = 100
HISTORIES_A_CALL: Final = 50
"""Half of a plain batch read, because of the history."""


def read_rows(
    client: HubSpotClient,
    purpose: Purpose,
    kind: Kind,
    ids: Iterable[str],
    properties: Sequence[str],
    *,
    past: Sequence[str] = (),
    by: str = "",
) -> Iterator[Row]:
    """Yield the rows of these ids; those that are gone are left out. Calls: ceil(n / 100), or n / 50 with ``past``.

    ``past`` are properties whose history is wanted, ``by`` names a unique property that stands in for the id.
    """
    for some in chunks(ids, HISTORIES_A_CALL if past else RECORDS_A_CALL):
        body: dict[str, Any] = {
            "inputs": [{"id": ident} for ident in some],
            "properties": list(properties),
            "propertiesWithHistory": list(past),
        }
        if by:
            body["idProperty"] = by
        yield from results_of(client.call(purpose, partial(_read, kind.path, body)), "a batch read")


def _read(path: str, body: Mapping[str, Any], apis: ApiObjects) -> Any:
    return apis.batch.read(path, body, **raw())
