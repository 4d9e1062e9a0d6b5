"""Notices to channels outside the CRMs: at least once, always under the same idempotency key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from leadline.common.canonical import instant_text
from leadline.common.errors import LeadlineError, QuotaError, UnavailableError, UsageError
from leadline.common.values import Raw
from leadline.sync.apply.effects.rows import EffectJournal, Item
from leadline.sync.store.effect_journal import EffectSettlement


class Notifier(Protocol):
    """Whoever delivers notices."""

    def deliver(self, channel: str, key: str, text: str, more: Mapping[str, Raw]) -> None:
        """Deliver one notice under its key.

        Raises UnavailableError or QuotaError when nobody knows whether it arrived, another LeadlineError when it
        never will this way.
        """
        ...


def notify_all(journal: EffectJournal, notifier: Notifier | None) -> None:
    """Send every notice that is planned, and again every one of which a dead run did not see the answer."""
    claimed = [item for item in journal.items("claimed") if item.kind == "notify"]
    waiting = [item for item in journal.items("planned") if item.kind == "notify"]
    for item in claimed:
        journal.settle([_send(item, notifier)])
    for item in waiting:
        for mine in journal.claim([item]):
            journal.settle([_send(mine, notifier)])


def _send(item: Item, notifier: Notifier | None) -> EffectSettlement:
    channel = str(item.fields.get("channel") or "")
    if notifier is None:
        text = f"leadline.yml has no channel {channel!r}: add it under `channels:`"
        return EffectSettlement(item.key, "parked", "NO_CHANNEL", text)
    more: dict[str, Raw] = {"cause": item.cause, "person": item.person, "at": instant_text(item.at)}
    try:
        notifier.deliver(channel, item.key, str(item.fields.get("text") or ""), more)
    except (UnavailableError, QuotaError) as error:
        return EffectSettlement(item.key, "failed", "NOT_DELIVERED", str(error))
    except LeadlineError as error:
        code = "NO_CHANNEL" if isinstance(error, UsageError) else "REFUSED"
        return EffectSettlement(item.key, "parked", code, str(error))
    return EffectSettlement(item.key, "done")
