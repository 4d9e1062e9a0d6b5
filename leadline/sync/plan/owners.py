"""Who can own records, in both CRMs: found by name, by address, or as the same person in the other CRM."""

from __future__ import annotations

from collections.abc import Mapping

from leadline.common.folding import fold
from leadline.common.values import Crm
from leadline.connectors.protocol import ReadConnector, User


class Owners:
    """Asks each CRM for its users at the first question about it; nothing is asked twice."""

    def __init__(self, readers: Mapping[Crm, ReadConnector]) -> None:
        self._readers = readers
        self._users: dict[Crm, tuple[User, ...]] = {}

    def named(self, crm: Crm, name: str) -> User | None:
        """Return the active user or queue of this name or address; None for nobody, or where several have it."""
        wanted = fold(name)
        found = [user for user in self._all(crm) if user.active and wanted in (fold(user.email), fold(user.name))]
        return found[0] if len(found) == 1 else None

    def of_id(self, crm: Crm, ident: str) -> User | None:
        """Return the active person who owns what has this owner id; a queue or who has left is nobody."""
        return next((user for user in self._all(crm) if user.id == ident and user.active and not user.queue), None)

    def manager_of(self, crm: Crm, ident: str) -> User | None:
        """Return the active user to whom the user with this owner id reports, as far as the CRM knows."""
        user = next((user for user in self._all(crm) if user.id == ident), None)
        return self.of_id(crm, user.manager) if user is not None and user.manager else None

    def known(self, name: str) -> bool:
        """Tell whether any CRM has an active user or queue of this name or address."""
        return any(self.named(crm, name) is not None for crm in self._readers)

    def same_in(self, crm: Crm, user: User) -> User | None:
        """Return the active user of another CRM with the same address."""
        return self.named(crm, user.email) if user.email else None

    def _all(self, crm: Crm) -> tuple[User, ...]:
        if crm not in self._users:
            self._users[crm] = tuple(self._readers[crm].users()) if crm in self._readers else ()
        return self._users[crm]
