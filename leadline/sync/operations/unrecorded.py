"""Runs that failed before there was a record of them: no CRM answered, or the book could not be read."""

from __future__ import annotations

import json
from typing import Final

from sqlalchemy import Connection

from leadline.common.errors import LeadlineError
from leadline.sync.store import Store
from leadline.sync.store.cycles import get_meta, last_cycles, set_meta

_KEY: Final = "unrecorded"


def remember_failure(store: Store, failure: LeadlineError) -> None:
    """Keep that a run failed, until there is a record of a later one. Nothing of its message is kept."""
    with store.write() as connection:
        newest = last_cycles(connection)
        told = {"after": newest[0].id if newest else 0, "error": type(failure).__name__}
        set_meta(connection, _KEY, json.dumps(told, sort_keys=True))


def unrecorded_failure(connection: Connection) -> str | None:
    """Return the kind of failure of a run that came after the newest one on record and left no record itself."""
    text = get_meta(connection, _KEY)
    if not text:
        return None
    told = json.loads(text)
    newest = last_cycles(connection)
    if newest and (newest[0].id != told["after"] or newest[0].status in {"failed", "refused"}):
        return None
    return str(told["error"])
