"""Who can own records, which lists and campaigns there are, how tasks are made: asked of the CRMs, or what they told.

Users are found by name, by address, or as the same person in the other CRM.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from leadline.common.folding import fold
from leadline.common.values import Crm
from leadline.connectors.protocol import CreationKind, Group, ReadConnector, User


class UnaskedError(Exception):
    """A CRM was not asked yet: for the group of this name, how to create these kinds, or else for its users.

    ``Owners.ask`` mends it.
    """

    def __init__(self, crm: Crm, group: str | None = None, creating: frozenset[CreationKind] = frozenset()) -> None:
        super().__init__(crm, group, creating)
        self.crm, self.group, self.creating = crm, group, creating


@dataclass(slots=True)
class Owners:
    """What CRMs told of their users and groups; nothing is asked twice.

    Asks at the first question; with ``quiet`` it raises UnaskedError instead, for where no call may be made: inside
    a transaction that others wait for.
    """

    readers: Mapping[Crm, ReadConnector]
    quiet: bool = False
    _users: dict[Crm, tuple[User, ...]] = field(default_factory=dict)
    _groups: dict[tuple[Crm, str], Group | None] = field(default_factory=dict)
    _creating: set[tuple[Crm, CreationKind]] = field(default_factory=set)

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
        return any(self.named(crm, name) is not None for crm in self.readers)

    def same_in(self, crm: Crm, user: User) -> User | None:
        """Return the active user of another CRM with the same address."""
        return self.named(crm, user.email) if user.email else None

    def group(self, crm: Crm, name: str) -> Group | None:
        """Return the list or campaign of this name; None where the CRM has none."""
        if (crm, name) not in self._groups:
            self._unless_quiet(UnaskedError(crm, name))
        return self._groups[crm, name]

    def may_create(self, crm: Crm, kinds: Iterable[CreationKind]) -> None:
        """Make sure that a forecast of creating these kinds makes no call."""
        if missing := frozenset(kind for kind in kinds if (crm, kind) not in self._creating):
            self._unless_quiet(UnaskedError(crm, creating=missing))

    def ask(self, unasked: UnaskedError) -> None:
        """Ask a CRM for what was missing. Raises what the connectors raise."""
        reader = self.readers[unasked.crm]
        if unasked.creating:
            reader.prepare_creations(unasked.creating)
            self._creating |= {(unasked.crm, kind) for kind in unasked.creating}
        elif unasked.group is None:
            self._users[unasked.crm] = tuple(reader.users())
        else:
            self._groups[unasked.crm, unasked.group] = reader.groups([unasked.group]).get(unasked.group)

    def _all(self, crm: Crm) -> tuple[User, ...]:
        if crm not in self.readers:
            return ()
        if crm not in self._users:
            self._unless_quiet(UnaskedError(crm))
        return self._users[crm]

    def _unless_quiet(self, unasked: UnaskedError) -> None:
        if self.quiet:
            raise unasked
        self.ask(unasked)
