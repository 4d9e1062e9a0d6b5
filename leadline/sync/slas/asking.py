"""Asking the CRMs who can own records, once a day: reports name owners, and tell those who had left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from leadline.common.errors import PermissionMissingError
from leadline.common.values import Crm
from leadline.connectors.protocol import ReadConnector, User
from leadline.sync.slas.owners import users_asked
from leadline.sync.store import Store

EACH: Final = timedelta(days=1)


def users_told(store: Store, readers: Mapping[Crm, ReadConnector], frontier: datetime) -> dict[Crm, tuple[User, ...]]:
    """Return the users of each CRM that told of them a day ago or never; one that may not say is left out.

    Raises what the connectors raise.
    """
    with store.read() as connection:
        asked = {crm: users_asked(connection, crm) for crm in readers}
    found: dict[Crm, tuple[User, ...]] = {}
    for crm, reader in readers.items():
        last = asked[crm]
        if last is not None and frontier - last < EACH:
            continue
        try:
            found[crm] = tuple(reader.users())
        except PermissionMissingError:
            continue
    return found
