"""What was erased, without saying what it was: keyed digests that keep it from coming back with the next pull."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from leadline.common.folding import fold
from leadline.common.values import RecordRef, SourceActivity, SourceRecord
from leadline.sync.store.batches import insert_new
from leadline.sync.store.cycles import get_meta, set_meta
from leadline.sync.store.schema import tombstones

_SALT: Final = "tombstone_salt"


@dataclass(frozen=True, slots=True)
class Tombstones:
    """The digests of everything erased, each with when. ``salt`` is this state's own."""

    salt: str = ""
    at: dict[str, datetime] = field(default_factory=dict)

    @staticmethod
    def load(connection: Connection) -> Tombstones:
        """Return what was erased from this state."""
        rows = connection.execute(select(tombstones.c.digest, tombstones.c.at))
        return Tombstones(get_meta(connection, _SALT) or "", {row[0]: row[1] for row in rows})

    def living(self, page: Sequence[SourceRecord]) -> tuple[SourceRecord, ...]:
        """Return the records of a page that were not erased."""
        if not self.at:
            return tuple(page)
        return tuple(record for record in page if self._digest(str(record.ref)) not in self.at)

    def living_activities(self, page: Sequence[SourceActivity]) -> tuple[SourceActivity, ...]:
        """Return the activities of a page that are not those of erased people.

        An address is let in again for what happened after it was erased: that is a new acquaintance.
        """
        return tuple(page) if not self.at else tuple(item for item in page if not self._erased(item))

    def erased(self, text: str) -> datetime | None:
        """Return when the person, record or decision of this id was erased."""
        return self.at.get(self._digest(text)) if self.at else None

    def _erased(self, item: SourceActivity) -> bool:
        if item.about and all(self._digest(str(ref)) in self.at for ref in item.about):
            return True
        since = self.at.get(self._digest(fold(item.email))) if item.email and not item.about else None
        return since is not None and item.at <= since

    def _digest(self, text: str) -> str:
        return hmac.new(self.salt.encode(), text.encode(), hashlib.sha256).hexdigest()


def bury(connection: Connection, texts: Iterable[str | RecordRef], at: datetime) -> None:
    """Note that these ids and folded addresses were erased."""
    salt = get_meta(connection, _SALT)
    if not salt:
        salt = secrets.token_hex(32)
        set_meta(connection, _SALT, salt)
    stones = Tombstones(salt)
    rows = [{"digest": stones._digest(str(text)), "at": at} for text in texts]
    insert_new(connection, tombstones, rows)


def erased_on(connection: Connection, text: str) -> datetime | None:
    """Return when the person, record or decision of this id was erased; None when it was not."""
    return Tombstones.load(connection).erased(text)
