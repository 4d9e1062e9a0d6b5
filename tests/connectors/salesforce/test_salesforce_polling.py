"""Asking Salesforce what changed: each change once, in few calls, whatever is hidden."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leadline.common.errors import CredentialsError
from leadline.common.values import RecordRef, RecordWrite
from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.connectors.salesforce import SalesforceConnector
from leadline.connectors.salesforce.polling import QUERIES_A_CALL, ROWS, ChangePoll
from leadline.connectors.settings import SalesforceSettings
from tests.connectors.salesforce.practising import auth_of, read

SEVEN = ("Lead", "Contact", "Account", "Opportunity", "Task", "Event", "CampaignMember")


def poll_of(practice: Practice, objects: tuple[str, ...] = SEVEN, flow: str = "client_credentials") -> ChangePoll:
    """Return a poll that does not wait."""
    given = {"url": practice.salesforce_url, "auth": auth_of(practice, flow), "patience": 0}
    return ChangePoll(SalesforceSettings.model_validate(given), objects, sleep=lambda _: None)


def leads(connector: SalesforceConnector, count: int) -> list[RecordRef]:
    """Return leads that can be changed."""
    return [one.ref for one in read(connector, "Lead") if not one.deleted and not one.links][:count]


def change(practice: Practice, connector: SalesforceConnector, refs: list[RecordRef], title: str) -> None:
    """Write a title, with time before and after."""
    practice.clock.advance(timedelta(seconds=5))
    for batch in connector.write([RecordWrite(ref, {"Title": title}) for ref in refs]):
        assert {one.status for one in batch} == {"done"}
    practice.clock.advance(timedelta(seconds=5))


def test_each_change_is_told_once(practice: Practice, connector: SalesforceConnector) -> None:
    """What stood before is no news; what changed is, and again only when it changes again; two calls for seven."""
    poll = poll_of(practice)
    one, other = leads(connector, 2)
    assert poll.changed() == frozenset()
    assert poll.changed() == frozenset()
    change(practice, connector, [one], "Chief")
    before = practice.salesforce.calls.total
    assert poll.changed() == {one}
    assert practice.salesforce.calls.total - before == 2 == -(-len(SEVEN) // QUERIES_A_CALL)
    assert poll.changed() == frozenset()
    change(practice, connector, [one, other], "Chief of Staff")
    assert poll.changed() == {one, other}
    practice.clock.advance(timedelta(minutes=10))
    assert poll.changed() == frozenset()
    poll.close()


def test_a_bulk_load_tells_of_a_bounded_number(practice: Practice, connector: SalesforceConnector) -> None:
    """More than a look holds is for the cycle to find."""
    poll = poll_of(practice, ("Lead",))
    poll.changed()
    many = [one.ref for one in read(connector, "Lead") if not one.deleted and not one.links]
    change(practice, connector, many, "Loaded")
    assert len(poll.changed()) == min(len(many), ROWS)
    poll.close()


def test_hidden_objects_are_left_out() -> None:
    """Who may not see campaigns still hears of leads."""
    hidden = PracticeOptions(hidden_fields=("CampaignMember", "Opportunity"))
    with start_practice(organisation=generate(seed=3, people=12), options=hidden, frozen=True) as running:
        poll = poll_of(running)
        assert poll.changed() == poll.changed() == frozenset()
        poll.close()


def test_a_refused_sign_in_is_told(practice: Practice) -> None:
    """The reason is that of every other call."""
    given = auth_of(practice, "client_credentials") | {"client_secret": "wr0ng"}
    poll = ChangePoll(SalesforceSettings.model_validate({"url": practice.salesforce_url, "auth": given}), SEVEN)
    with pytest.raises(CredentialsError):
        poll.changed()
    poll.close()
