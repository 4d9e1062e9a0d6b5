"""Conversion, merge and undelete, which Salesforce only does by SOAP."""

from __future__ import annotations

import re

import pytest

from tests.connectors.practice.salesforce.site import Site, contact, lead


def soap(site: Site, body: str, token: str | None = None) -> tuple[int, str]:
    """Send a request in an envelope with a session."""
    header = f"<sessionId>{site.token if token is None else token}</sessionId>"
    text = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com">'
        f"<e:Header><SessionHeader>{header}</SessionHeader></e:Header><e:Body>{body}</e:Body></e:Envelope>"
    )
    answer = site.session.post(f"{site.url}/services/Soap/u/62.0", data=text.encode(), timeout=10)
    return answer.status_code, answer.text


def value(text: str, name: str) -> str:
    """Return the first element of that name."""
    found = re.search(f"<{name}>([^<]*)</{name}>", text)
    assert found, text
    return found[1]


def convert(identifier: str, more: str = "") -> str:
    """Return the request that converts a lead."""
    inner = f"<convertedStatus>Qualified</convertedStatus><leadId>{identifier}</leadId>{more}"
    return f"<convertLead><leadConverts>{inner}</leadConverts></convertLead>"


def test_a_lead_becomes_contact_account_and_opportunity(site: Site) -> None:
    """The lead is read-only after; contact, account and deal exist; fields, activities and campaigns follow."""
    site.patch_many([{"id": lead("p1"), "Lifecycle_Stage__c": "sql", "Fit_Score__c": 70}])
    name = "<opportunityName>Big one</opportunityName>"
    status, text = soap(site, convert(lead("p1"), name))
    assert (status, value(text, "success")) == (200, "true")
    person = value(text, "contactId")
    row = site.soql(
        "SELECT IsConverted, Status, ConvertedContactId, ConvertedDate, SystemModstamp, ConvertedOpportunity.Name, "
        f"ConvertedAccount.Name FROM Lead WHERE Id = '{lead('p1')}'"
    )[0]
    assert row == {
        "IsConverted": True,
        "Status": "Qualified",
        "ConvertedContactId": person,
        "ConvertedDate": "2026-06-30",
        "SystemModstamp": "2026-06-30T16:00:00.000+0000",
        "ConvertedOpportunity": {"Name": "Big one"},
        "ConvertedAccount": {"Name": "Acme"},
    }
    query = "SELECT Name, Email, Lifecycle_Stage__c, Fit_Score__c, Budget_Confirmed__c FROM Contact WHERE Id = '{}'"
    assert site.soql(query.format(person))[0] == {
        "Name": "Ann Lead p1",
        "Email": "p1@acme.example",
        "Lifecycle_Stage__c": "sql",
        "Fit_Score__c": 70.0,
        "Budget_Confirmed__c": True,
    }
    assert len(site.soql(f"SELECT Id FROM Task WHERE WhoId = '{person}'")) == 2
    assert site.soql(f"SELECT Id FROM Task WHERE WhoId = '{lead('p1')}'", everything=True) == []
    member = f"SELECT LeadId, Type FROM CampaignMember WHERE ContactId = '{person}'"
    assert site.soql(member) == [{"LeadId": lead("p1"), "Type": "Contact"}]
    role = f"SELECT Opportunity.Name, IsPrimary FROM OpportunityContactRole WHERE ContactId = '{person}'"
    assert site.soql(role) == [{"Opportunity": {"Name": "Big one"}, "IsPrimary": True}]
    assert site.patch_many([{"id": lead("p1"), "Title": "x"}])[0]["errors"][0]["statusCode"] == (
        "CANNOT_UPDATE_CONVERTED_LEAD"
    )
    _, again = soap(site, convert(lead("p1")))
    assert value(again, "statusCode") == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_conversion_into_an_existing_account_without_a_deal(site: Site) -> None:
    """A named account is used and no opportunity made when the request says so."""
    account = site.values("SELECT Id FROM Account WHERE Name = 'Acme'")[0]
    more = f"<accountId>{account}</accountId><doNotCreateOpportunity>true</doNotCreateOpportunity>"
    _, text = soap(site, convert(lead("p6"), more))
    assert value(text, "accountId") == account
    assert "opportunityId" not in text
    assert site.values(f"SELECT AccountId FROM Contact WHERE Id = '{value(text, 'contactId')}'") == [account]


def test_merge_moves_what_belonged_to_the_loser(site: Site) -> None:
    """The loser is deleted and names its master; its activities and roles are the master's; merges can be chained."""

    def merge(master: str, *losers: str) -> str:
        record = f"<masterRecord><type>Contact</type><Id>{master}</Id></masterRecord>"
        others = "".join(f"<recordToMergeIds>{loser}</recordToMergeIds>" for loser in losers)
        return soap(site, f"<merge><request>{record}{others}</request></merge>")[1]

    assert value(merge(contact("p3"), contact("p2")), "mergedRecordIds") == contact("p2")
    assert value(merge(contact("p7"), contact("p3")), "success") == "true"
    gone = site.soql("SELECT Id, MasterRecordId FROM Contact WHERE IsDeleted = true", everything=True)
    assert {row["Id"]: row["MasterRecordId"] for row in gone} == {
        contact("p2"): contact("p3"),
        contact("p3"): contact("p7"),
    }
    assert site.values("SELECT WhoId FROM Event") == [contact("p7")]
    roles = site.values("SELECT ContactId FROM OpportunityContactRole")
    assert set(roles) == {contact("p7")}
    assert site.values(f"SELECT ConvertedContactId FROM Lead WHERE Id = '{lead('p3')}'") == [contact("p7")]
    assert value(merge(contact("p7"), contact("p7")), "statusCode") == "INVALID_ID_FIELD"
    assert value(merge(contact("p7"), contact("p2")), "statusCode") == "INVALID_CROSS_REFERENCE_KEY"
    assert value(merge(contact("p7"), *[lead("p1")] * 3), "statusCode") == "INVALID_ARGUMENT"


def test_undelete_brings_back(site: Site) -> None:
    """A deleted lead comes back with a new stamp; a merged one and one that is there do not."""
    results = soap(
        site, "".join(["<undelete>", *(f"<ids>{lead(k)}</ids>" for k in ("p4", "p5", "p1")), "</undelete>"])
    )
    assert re.findall("<success>(true|false)</success>", results[1]) == ["true", "false", "false"]
    assert site.read("Lead", "p4", "SystemModstamp") == "2026-06-30T16:00:00.000+0000"


@pytest.mark.parametrize(
    ("body", "code"),
    [("<explode/>", "UNKNOWN_EXCEPTION"), ("", "UNKNOWN_EXCEPTION"), ("<undelete", "UNKNOWN_EXCEPTION")],
)
def test_other_requests_are_faults(library: Site, body: str, code: str) -> None:
    """What is not spoken or cannot be read is a SOAP fault."""
    status, text = soap(library, body)
    assert (status, value(text, "sf:exceptionCode")) == (500, code)


def test_a_session_is_needed(library: Site) -> None:
    """Without a session the fault says so."""
    status, text = soap(library, convert(lead("p1")), token="nonsense")
    assert (status, value(text, "sf:exceptionCode")) == (500, "INVALID_SESSION_ID")
