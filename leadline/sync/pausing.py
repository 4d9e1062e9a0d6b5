"""The kill switch: while writing is paused no plan is applied, whoever asks; reading and deciding go on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from leadline.common.canonical import canonical_json
from leadline.common.errors import RefusedError
from leadline.sync.store import Store
from leadline.sync.store.cycles import get_meta, set_meta

_KEY: Final = "paused"


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when nothing is written (UTC, this machine's clock), and why, in the operator's words.

    ``undone``: because a plan was taken back, which its next cycle would decide and write again.
    """

    since: datetime
    why: str
    undone: bool = False


def pause_writing(store: Store, why: str, now: datetime, *, undone: bool = False) -> Pause:
    """Stop all writing to CRMs from the next call of a plan on; pausing twice keeps the first pause.

    ``undone`` is for the pause that follows a plan that was taken back: it holds all plans but those that take more
    back, and gives way to the pause of a person, which holds them all.
    """
    with store.write() as connection:
        standing = paused(connection)
        if standing is None or (standing.undone and not undone):
            standing = Pause(now, why, undone)
            told = {"since": now, "why": why, **({"undone": True} if undone else {})}
            set_meta(connection, _KEY, canonical_json(told))
    return standing


def resume_writing(store: Store) -> Pause | None:
    """Let plans be applied again; return the pause that ended, None when there was none."""
    with store.write() as connection:
        standing = paused(connection)
        set_meta(connection, _KEY, "")
    return standing


def paused(connection: Connection) -> Pause | None:
    """Return the pause that stands, if there is one."""
    text = get_meta(connection, _KEY)
    if not text:
        return None
    data = json.loads(text)
    return Pause(datetime.fromisoformat(data["since"]), data["why"], data.get("undone", False))


def require_writing(connection: Connection, *, undoes: bool = False) -> None:
    """Raise RefusedError while writing is paused; what takes a plan back (``undoes``) only a person's pause stops."""
    standing = paused(connection)
    if standing is not None and not (undoes and standing.undone):
        why = f" ({standing.why})" if standing.why else ""
        raise RefusedError(
            f"writing has been paused since {standing.since:%Y-%m-%d %H:%M}Z{why}; nothing more is written. "
            "`leadline resume` ends the pause"
        )
