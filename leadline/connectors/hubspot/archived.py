"""Archived (deleted) rows, which search never shows. Calls: max(1, ceil(archived rows / 100)) an object.

The list cannot be narrowed by time and runs by id, so an incremental pull reads all of it: HubSpot keeps 90 days.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from leadline.connectors.hubspot.answers import CRM
from leadline.connectors.hubspot.client import ApiObjects, HubSpotClient, Row, raw, results_of
from leadline.connectors.hubspot.names import Kind
from leadline.connectors.hubspot.searching import Window
from leadline.connectors.instants import milliseconds, read_instant

_PAGE: Final = 100


def archived_rows(client: HubSpotClient, kind: Kind, window: Window) -> Iterator[tuple[int, Row]]:
    """Yield (when archived in milliseconds, row) of rows archived in the window, in no useful order."""

    def page(apis: ApiObjects, **more: Any) -> Any:
        return apis.basic.get_page(kind.path, archived=True, limit=_PAGE, properties=[kind.stamp], **raw(**more))

    for answer in client.pages("read", page):
        for row in results_of(answer, "for archived records"):
            at = milliseconds(read_instant(row.get("archivedAt") or row.get("updatedAt"), CRM))
            if (window.low is None or at >= window.low) and at <= window.high:
                yield at, row
