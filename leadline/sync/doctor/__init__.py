"""``leadline doctor``: whether the CRMs let a book do what it says, and who else is at work there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from leadline.common.values import Crm
from leadline.connectors.inspecting import Inspector
from leadline.rules.model import Book
from leadline.sync.doctor.examining import examine
from leadline.sync.doctor.findings import Finding
from leadline.sync.doctor.looking import Seen, look
from leadline.sync.doctor.needing import needs_in

if TYPE_CHECKING:
    from leadline.sync.config import Config


@dataclass(frozen=True, slots=True)
class Examination:
    """What ``leadline doctor`` found. ``needs`` counts what was examined, by CRM."""

    findings: tuple[Finding, ...]
    seen: Mapping[Crm, Seen]
    needs: Mapping[Crm, int]

    @property
    def ok(self) -> bool:
        """Whether nothing is missing without which the book cannot do its work."""
        return not any(one.severity == "error" for one in self.findings)


def run_doctor(config: Config, book: Book, now: Callable[[], datetime]) -> Examination:
    """Examine every configured CRM for ``book``; writes nothing. ``now`` is this machine's clock.

    Raises UsageError when no CRM is configured, UnavailableError and QuotaError when one cannot be asked.
    """
    config.require_crms()
    with ExitStack() as stack:
        inspectors = {one.crm: stack.enter_context(closing(one)) for one in _inspectors(config)}
        return diagnose(inspectors, book, config, now)


def diagnose(
    inspectors: Mapping[Crm, Inspector], book: Book, config: Config, now: Callable[[], datetime]
) -> Examination:
    """Examine the CRMs of these inspectors, which cannot write."""
    settings = {"salesforce": config.salesforce, "hubspot": config.hubspot}
    keys = {crm: one.task_key for crm, one in settings.items() if one is not None}
    shares = {crm: one.quota_share for crm, one in settings.items() if one is not None}
    needs = {crm: needs_in(book, crm, keys[crm]) for crm in inspectors}
    seen = {crm: look(inspector, needs[crm], now) for crm, inspector in inspectors.items()}
    findings = examine(needs, seen, book.machines, {crm: shares[crm] for crm in inspectors})
    return Examination(findings, seen, {crm: len(found) for crm, found in needs.items()})


def _inspectors(config: Config) -> Iterator[Inspector]:
    if config.salesforce is not None:
        from leadline.connectors.salesforce import inspecting as salesforce

        yield salesforce.inspect(config.salesforce)
    if config.hubspot is not None:
        from leadline.connectors.hubspot import inspecting as hubspot

        yield hubspot.inspect(config.hubspot)
