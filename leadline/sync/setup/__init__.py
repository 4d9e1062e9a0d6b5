"""``leadline setup``: what a book needs in the CRMs, shown, made once, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from leadline.common.errors import PermissionMissingError
from leadline.common.values import Crm
from leadline.connectors.installing import Installer, Part, PartKind
from leadline.rules.model import Book
from leadline.sync.setup.parts import parts_of
from leadline.sync.store import Store
from leadline.sync.store.installed import begin_parts, forget_part, installed_parts, settle_part

if TYPE_CHECKING:
    from leadline.sync.config import Config

Standing = Literal["there", "missing", "made", "ours", "removed"]


@dataclass(frozen=True, slots=True)
class Step:
    """One part, and how it stands: ``there`` before us, ``ours`` from before, ``missing``, ``made``, ``removed``."""

    crm: Crm
    part: str
    standing: Standing
    definition: Part | None = None


@contextmanager
def open_installers(config: Config) -> Iterator[Mapping[Crm, Installer]]:
    """Connect to every configured CRM for setting it up. Raises UsageError when none is configured."""
    config.require_crms()
    with ExitStack() as stack:
        found: dict[Crm, Installer] = {}
        if config.salesforce is not None:
            from leadline.connectors.salesforce.installing import install as install_salesforce

            found["salesforce"] = stack.enter_context(closing(install_salesforce(config.salesforce)))
        if config.hubspot is not None:
            from leadline.connectors.hubspot.installing import install as install_hubspot

            found["hubspot"] = stack.enter_context(closing(install_hubspot(config.hubspot)))
        yield found


def needed_parts(config: Config, book: Book, user: str = "") -> Mapping[Crm, tuple[Part, ...]]:
    """Return the parts of each configured CRM. ``user`` gets Salesforce's permission set."""
    keys = {"salesforce": config.salesforce, "hubspot": config.hubspot}
    return {crm: parts_of(book, crm, one.task_key, user) for crm in config.crms if (one := keys[crm]) is not None}


def survey(store: Store, installer: Installer, parts: Sequence[Part]) -> tuple[Step, ...]:
    """Return how each part stands. Changes nothing."""
    organisation = installer.organisation()
    parts = installer.makeable(parts)
    existing = installer.existing(parts)
    with store.read() as connection:
        begun = {row.part for row in installed_parts(connection, installer.crm, organisation)}
    return tuple(Step(installer.crm, part.key, _standing(part.key, existing, begun), part) for part in parts)


def set_up(store: Store, installer: Installer, parts: Sequence[Part], now: Callable[[], datetime]) -> Iterator[Step]:
    """Make what is missing, batch by batch, and yield each part; what is there is left as it is.

    Each part is written down before it is made. So a run that was broken off is continued by the next one, and what
    it had begun counts as ours. Raises PermissionMissingError, which names the part and the right that it takes.
    """
    crm, organisation = installer.crm, installer.organisation()
    parts = installer.makeable(parts)
    existing = installer.existing(parts)
    with store.write() as connection:
        for row in installed_parts(connection, crm, organisation):
            if row.remote_id is None and row.part in existing:
                settle_part(connection, crm, organisation, row.part, existing[row.part])
    with store.read() as connection:
        begun = {row.part for row in installed_parts(connection, crm, organisation)}
    for part in parts:
        if part.key in existing:
            yield Step(crm, part.key, _standing(part.key, existing, begun), part)
    for batch in installer.batches([part for part in parts if part.key not in existing]):
        with store.write() as connection:
            begin_parts(connection, crm, organisation, [part.key for part in batch], now())
        try:
            ids = installer.make(batch)
        except PermissionMissingError as error:
            with store.write() as connection:
                for part in batch:
                    forget_part(connection, crm, organisation, part.key)  # whoever makes it now, it is not ours
            others = f" and {len(batch) - 1} more" if len(batch) > 1 else ""
            raise PermissionMissingError(
                f"{error}. Making the {batch[0].key}{others} takes {_takes(batch[0])}"
            ) from error
        with store.write() as connection:
            for part in batch:
                settle_part(connection, crm, organisation, part.key, ids[part.key])
        yield from (Step(crm, part.key, "made", part) for part in batch)


def ours(store: Store, installer: Installer) -> tuple[Step, ...]:
    """Return what a setup made in this organisation, in the order of taking it back."""
    organisation = installer.organisation()  # asked before the transaction, which must not wait for a network
    with store.read() as connection:
        rows = installed_parts(connection, installer.crm, organisation)
    return tuple(Step(installer.crm, row.part, "ours") for row in rows)


def take_back(store: Store, installer: Installer) -> Iterator[Step]:
    """Remove what a setup made here and nothing else, the latest first; yields each part once it is gone."""
    crm, organisation = installer.crm, installer.organisation()
    with store.read() as connection:
        rows = installed_parts(connection, crm, organisation)
    kinds: tuple[PartKind, ...] = ("assignment", "field right", "object right", "permission set", "field", "group")
    for row in rows:
        kind = next(kind for kind in kinds if row.part.startswith(f"{kind} ") or row.part == kind)
        if row.remote_id is not None:
            installer.remove(kind, row.remote_id)
        with store.write() as connection:
            forget_part(connection, crm, organisation, row.part)
        yield Step(crm, row.part, "removed")


_TAKES: Final[Mapping[PartKind, str]] = {
    "field": "Customize Application",
    "permission set": "Manage Profiles and Permission Sets",
    "object right": "Manage Profiles and Permission Sets",
    "field right": "Manage Profiles and Permission Sets",
    "assignment": "Assign Permission Sets",
}


def _takes(part: Part) -> str:
    """Return the right of the CRM that making a part takes."""
    if part.crm == "salesforce":
        return f"the permission {_TAKES[part.kind]}"
    owner = "companies" if part.object == "company" else "contacts"
    return f"the scope crm.schemas.{owner}.write"


def _standing(key: str, existing: Mapping[str, str], begun: set[str]) -> Standing:
    if key not in existing:
        return "missing"
    return "ours" if key in begun else "there"
