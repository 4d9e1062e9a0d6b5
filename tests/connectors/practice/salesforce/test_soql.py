"""What queries find in the small organisation."""

from __future__ import annotations

import pytest

from tests.connectors.practice.salesforce.site import Site, contact, lead

P1, P2, P3, P4, P5, P6, P7 = "Lead p1", "Lead p2", "Lead p3", "Lead p4", "Lead p5", "Lead p6", "Lead p7"


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("LastName = 'lead P1'", [P1]),
        ("LastName != 'lead p1'", [P3, P6]),
        ("LastName <> 'Lead p1'", [P3, P6]),
        ("LastName IN ('lead p1', 'LEAD P6', 'x')", [P1, P6]),
        ("LastName NOT IN ('Lead p1')", [P3, P6]),
        ("Email = null", [P6]),
        ("Email = ''", [P6]),
        ("Email != null", [P1, P3]),
        ("Email != 'p1@acme.example'", [P3, P6]),
        ("Email NOT IN ('p1@acme.example')", [P3, P6]),
        ("Email LIKE 'P_@acme%'", [P1, P3]),
        ("Email LIKE 'p1'", []),
        ("NOT Email LIKE 'p1%'", [P3, P6]),
        ("Status > 'on hold' AND Status < 'Working'", [P3]),
        ("IsConverted = true", [P3]),
        ("IsConverted = FALSE and Budget_Confirmed__c = true", [P1]),
        ("Budget_Confirmed__c = false", [P3, P6]),
        ("Budget_Confirmed__c != true", [P3, P6]),
        ("Email = null OR IsConverted = true", [P3, P6]),
        ("(Email = null OR IsConverted = true) AND FirstName = null", [P6]),
        ("NOT (Email = null OR IsConverted = true)", [P1]),
        ("NOT Email = null AND IsConverted = false", [P1]),
        ("IsDeleted = true", []),
        (f"Id = '{lead('p1')}'", [P1]),
        (f"Id = '{lead('p1')[:15]}'", [P1]),
        (f"id IN ('{lead('p6')}', '{lead('p1')[:15]}', '{lead('p4')}', '{contact('p2')}')", [P6, P1]),
        (f"Id NOT IN ('{lead('p6')}')", [P1, P3]),
        (f"Id = '{lead('p1')}' AND IsConverted = true", []),
        (f"ConvertedContactId = '{contact('p3')[:15]}'", [P3]),
        ("ConvertedContact.LastName = 'Lead p3'", [P3]),
        ("ConvertedContact.Account.Name = 'acme'", [P3]),
        ("ConvertedContact.Account.Name != 'acme'", [P1, P6]),
        ("ConvertedAccountId = null", [P1, P6]),
        ("Owner.Name = 'Inbound Queue'", [P6]),
        ("Owner.Type = 'User'", [P1, P3]),
        ("RecordType.DeveloperName = 'Prospect'", [P1, P3, P6]),
        ("Id IN (SELECT LeadId FROM CampaignMember)", [P1, P3]),
        ("Id IN (SELECT LeadId FROM CampaignMember WHERE HasResponded = true)", [P1]),
        ("Id NOT IN (SELECT LeadId FROM CampaignMember)", [P6]),
        ("ConvertedContactId IN (SELECT ContactId FROM OpportunityContactRole)", [P3]),
        ("Lead.Title = 'head of ops'", [P1, P3]),
    ],
)
def test_conditions(library: Site, where: str, found: list[str]) -> None:
    """Each condition finds exactly its leads; texts have no case, null is a value that differs from every text."""
    assert library.values(f"SELECT LastName FROM Lead WHERE {where}") == found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("SystemModstamp = LAST_N_DAYS:20", [P3, P6]),
        ("SystemModstamp < LAST_N_DAYS:20", [P1]),
        ("SystemModstamp = TODAY", [P6]),
        ("SystemModstamp != TODAY", [P1, P3]),
        ("SystemModstamp >= YESTERDAY", [P6]),
        ("SystemModstamp > YESTERDAY", [P6]),
        ("SystemModstamp <= TODAY", [P1, P3, P6]),
        ("SystemModstamp > TODAY", []),
        ("SystemModstamp = N_DAYS_AGO:20", [P3]),
        ("SystemModstamp = THIS_MONTH", [P3, P6]),
        ("SystemModstamp = LAST_MONTH", [P1]),
        ("SystemModstamp = THIS_QUARTER", [P1, P3, P6]),
        ("SystemModstamp = LAST_QUARTER", []),
        ("SystemModstamp = THIS_YEAR", [P1, P3, P6]),
        ("SystemModstamp = LAST_N_MONTHS:1", [P1]),
        ("SystemModstamp = THIS_WEEK", [P6]),
        ("SystemModstamp = LAST_WEEK", []),
        ("SystemModstamp = LAST_N_WEEKS:3", [P3]),
        ("SystemModstamp = NEXT_N_DAYS:5", []),
        ("SystemModstamp IN (TODAY, N_DAYS_AGO:20)", [P3, P6]),
        ("SystemModstamp NOT IN (TODAY, N_DAYS_AGO:20)", [P1]),
        ("SystemModstamp = 2026-06-10T16:00:00Z", [P3]),
        ("SystemModstamp = 2026-06-10T18:00:00+02:00", [P3]),
        ("SystemModstamp >= 2026-06-10T16:00:00.000+0000", [P3, P6]),
        ("SystemModstamp > 2026-06-10T16:00:00Z", [P6]),
        ("ConvertedDate = 2026-06-10", [P3]),
        ("ConvertedDate < 2026-06-10", []),
        ("ConvertedDate = LAST_N_DAYS:20", [P3]),
        ("DAY_ONLY(SystemModstamp) = 2026-06-10", [P3]),
        ("CALENDAR_MONTH(SystemModstamp) = 5", [P1]),
    ],
)
def test_dates(library: Site, where: str, found: list[str]) -> None:
    """Instants, days and date literals at a frozen 30 June 2026, 16:00 UTC, a Tuesday."""
    assert library.values(f"SELECT LastName FROM Lead WHERE {where}") == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT LastName FROM Lead ORDER BY Email", [P6, P1, P3]),
        ("SELECT LastName FROM Lead ORDER BY Email DESC", [P6, P3, P1]),
        ("SELECT LastName FROM Lead ORDER BY Email DESC NULLS LAST", [P3, P1, P6]),
        ("SELECT LastName FROM Lead ORDER BY IsConverted, LastName DESC", [P6, P1, P3]),
        ("SELECT LastName FROM Lead ORDER BY SystemModstamp ASC, Id ASC LIMIT 2", [P1, P3]),
        ("SELECT LastName FROM Lead ORDER BY LastName LIMIT 1 OFFSET 1", [P3]),
        ("SELECT LastName FROM Lead ORDER BY LastName OFFSET 2", [P6]),
        ("SELECT LastName FROM Lead ORDER BY LastName LIMIT 0", []),
        ("SELECT LastName FROM Lead ORDER BY Owner.Name, LastName", [P1, P3, P6]),
        ("select lastname from lead where email like '%EXAMPLE' order by lastname desc nulls first", [P3, P1]),
        ("SELECT l.LastName FROM Lead l WHERE l.Email = null", [P6]),
        ("SELECT LastName FROM Lead USING SCOPE everything WHERE Email = null LIMIT 1 FOR VIEW", [P6]),
        ("SELECT LastName FROM Lead ORDER BY LastName ALL ROWS", [P1, P3, P4, P5, P6]),
    ],
)
def test_order_and_cut(library: Site, query: str, found: list[str]) -> None:
    """Order, nulls, limit and offset; keywords and names have no case."""
    assert library.values(query) == found


def test_query_all_shows_what_is_gone(library: Site) -> None:
    """Deleted and merged leads show in queryAll only; a merged one names its master; old closed tasks too."""
    rows = library.soql("SELECT LastName, MasterRecordId FROM Lead WHERE IsDeleted = true", everything=True)
    assert rows == [
        {"LastName": P4, "MasterRecordId": None},
        {"LastName": P5, "MasterRecordId": lead("p1")},
    ]
    count = "SELECT Id FROM Task WHERE WhoId = '{}'"
    assert len(library.soql(count.format(lead("p1")))) == 2
    assert len(library.soql(count.format(lead("p1")), everything=True)) == 3


def test_parents_and_children_are_nested(library: Site) -> None:
    """Relationship fields come as nested records, sub-queries as nested results, both null where there is nothing."""
    rows = library.soql(
        "SELECT Name, Account.Name, Account.Owner.Alias, ReportsTo.Name, (SELECT Subject, Who.Type FROM Events), "
        "(SELECT Opportunity.Name, IsPrimary FROM OpportunityContactRoles ORDER BY Opportunity.Name DESC LIMIT 1) "
        "FROM Contact ORDER BY Name"
    )
    assert rows[0] == {
        "Name": "Ann Lead p2",
        "Account": {"Name": "Acme", "Owner": {"Alias": "ada"}},
        "ReportsTo": None,
        "Events": {"totalSize": 1, "done": True, "records": [{"Subject": "Demo", "Who": {"Type": "Contact"}}]},
        "OpportunityContactRoles": {
            "totalSize": 1,
            "done": True,
            "records": [{"Opportunity": {"Name": "Acme new"}, "IsPrimary": False}],
        },
    }
    assert rows[1]["Events"] is None
    assert rows[2]["Account"] == {"Name": "Beta 100%", "Owner": {"Alias": "bob"}}


def test_attributes_name_type_and_address(library: Site) -> None:
    """A record says its type and address; a polymorphic parent is of type Name."""
    answer = library.call("GET", "/query", params={"q": "SELECT Id, Owner.Name FROM Lead WHERE Email = null"})
    record = answer.json()["records"][0]
    address = f"/services/data/v62.0/sobjects/Lead/{lead('p6')}"
    assert record["attributes"] == {"type": "Lead", "url": address}
    assert record["Owner"]["attributes"]["type"] == "Name"
    assert "/sobjects/Group/00G" in record["Owner"]["attributes"]["url"]


def test_values_have_their_types(library: Site) -> None:
    """Numbers are numbers, checkboxes never null, instants end in +0000, days have no time."""
    row = library.soql(
        "SELECT Amount, Probability, IsWon, CloseDate, CreatedDate, CampaignId FROM Opportunity "
        "WHERE Name = 'Acme new'"
    )[0]
    assert row == {
        "Amount": 1500.5,
        "Probability": 50.0,
        "IsWon": False,
        "CloseDate": "2026-07-31",
        "CreatedDate": "2026-06-10T16:00:00.000+0000",
        "CampaignId": None,
    }
    assert library.soql("SELECT NumberOfEmployees n FROM Account WHERE Name = 'Acme'") == [{"n": 250}]


def test_like_escapes(library: Site) -> None:
    """An escaped percent sign or underscore stands for itself."""
    assert library.values(r"SELECT Name FROM Account WHERE Name LIKE '%\%'") == ["Beta 100%"]
    assert library.values(r"SELECT Name FROM Account WHERE Name LIKE 'Beta 100\_'") == []
    assert library.values(r"SELECT Title FROM Contact WHERE Title LIKE 'VP\_%'") == ["VP_Sales"]
    assert library.values(r"SELECT Name FROM User WHERE LastName = '\u00c4rger'") == ["Ada Ärger"]
    assert library.values(r"SELECT Name FROM User WHERE Name = 'O\'Neill'") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT COUNT(Id) FROM Lead", [{"expr0": 3}]),
        ("SELECT COUNT(Email) n, COUNT(Id) FROM Lead", [{"n": 2, "expr0": 3}]),
        ("SELECT COUNT_DISTINCT(Company) FROM Lead", [{"expr0": 1}]),
        ("SELECT COUNT(Id) FROM Lead WHERE Email = 'x'", [{"expr0": 0}]),
        ("SELECT SUM(Amount), MIN(CloseDate), MAX(Name) FROM Opportunity", [(1500.5, "2026-05-01", "Beta won")]),
        ("SELECT AVG(NumberOfEmployees) FROM Account", [{"expr0": 250.0}]),
        ("SELECT SUM(Amount) FROM Opportunity WHERE IsWon = true", [{"expr0": None}]),
        (
            "SELECT IsConverted, COUNT(Id) n FROM Lead GROUP BY IsConverted ORDER BY COUNT(Id) DESC",
            [{"IsConverted": False, "n": 2}, {"IsConverted": True, "n": 1}],
        ),
        ("SELECT IsConverted c FROM Lead GROUP BY IsConverted HAVING COUNT(Id) > 1", [{"c": False}]),
        (
            "SELECT Account.Name, COUNT(Id) FROM Contact GROUP BY Account.Name HAVING Account.Name LIKE 'b%'",
            [{"Name": "Beta 100%", "expr0": 1}],
        ),
        (
            "SELECT CALENDAR_MONTH(CreatedDate) m, COUNT(Id) n FROM Opportunity GROUP BY CALENDAR_MONTH(CreatedDate)",
            [{"m": 4, "n": 1}, {"m": 6, "n": 1}],
        ),
        ("SELECT Email FROM Lead GROUP BY Email LIMIT 1", [{"Email": None}]),
    ],
)
def test_aggregates(library: Site, query: str, found: list[object]) -> None:
    """Aggregate functions over all rows or by group; nulls are not counted."""
    rows = library.soql(query)
    assert [tuple(row.values()) if isinstance(found[0], tuple) else row for row in rows] == found


def test_count_alone_has_no_records(library: Site) -> None:
    """COUNT() answers by totalSize."""
    answer = library.call("GET", "/query", params={"q": "SELECT COUNT() FROM Lead WHERE Email != null LIMIT 5"})
    assert answer.json() == {"totalSize": 2, "done": True, "records": []}


def test_fields_functions(library: Site) -> None:
    """FIELDS(ALL), (STANDARD) and (CUSTOM) stand for fields, and need a limit as in Salesforce."""
    everything = set(library.soql("SELECT FIELDS(ALL) FROM Lead LIMIT 1")[0])
    custom = set(library.soql("SELECT FIELDS(CUSTOM) FROM Lead LIMIT 1")[0])
    standard = set(library.soql("SELECT FIELDS(STANDARD) FROM Lead")[0])
    assert custom | standard == everything
    assert custom & standard == set()
    assert "Lifecycle_Stage__c" in custom
    code, message = library.refusal("SELECT FIELDS(ALL) FROM Lead")
    assert code == "MALFORMED_QUERY"
    assert "LIMIT of at most 200" in message


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("SELECT Nonsense__c FROM Lead", "INVALID_FIELD", "No such column 'Nonsense__c' on entity 'Lead'"),
        ("SELECT Id FROM Lead WHERE x = 1", "INVALID_FIELD", "No such column 'x' on entity 'Lead'"),
        ("SELECT Id FROM Lead ORDER BY x", "INVALID_FIELD", "No such column 'x'"),
        ("SELECT Foo.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Foo' in field path"),
        ("SELECT Owner.Department FROM Lead", "INVALID_FIELD", "No such column 'Department' on entity 'Name'"),
        ("SELECT Id FROM Nonsense", "INVALID_TYPE", "sObject type 'Nonsense' is not supported"),
        ("SELECT Id, (SELECT Id FROM Foos) FROM Lead", "INVALID_TYPE", "Didn't understand relationship 'Foos'"),
        ("SELECT Id FROM Lead WHERE IsConverted = 'true'", "INVALID_FIELD", "must be of type boolean"),
        ("SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Lead WHERE ConvertedDate > 2026-01-01T00:00:00Z", "INVALID_FIELD", "must be of type date"),
        ("SELECT Id FROM Lead WHERE Email = 5", "INVALID_FIELD", "must be of type string"),
        ("SELECT Id FROM Lead WHERE Email = TODAY", "INVALID_FIELD", "should not be enclosed in quotes"),
        ("SELECT Id FROM Lead WHERE Fit_Score__c = '5'", "INVALID_FIELD", "must be of type double"),
        ("SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered in a query call"),
        ("SELECT Id FROM Lead WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: nonsense"),
        ("SELECT Id FROM Lead WHERE IsConverted > true", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
        ("SELECT Id FROM Lead WHERE Email < null", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
        ("SELECT Id FROM Lead WHERE CreatedDate LIKE '2%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
        ("SELECT Id FROM Lead WHERE Status INCLUDES ('a')", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
        ("SELECT Id FROM Lead WHERE CreatedDate = SOMEDAY", "MALFORMED_QUERY", "unexpected token: 'someday'"),
        ("SELECT Id FROM Lead WHERE CreatedDate = LAST_N_DAYS:99999999", "MALFORMED_QUERY", "out of range"),
        ("SELECT Id FORM Lead", "MALFORMED_QUERY", "unexpected token: 'Lead'"),
        ("SELECT Id FROM Lead WHERE Email = null AND Id = null OR Id = null", "MALFORMED_QUERY", "token: 'OR'"),
        ("SELECT Id FROM Lead WHERE Email = 'x", "MALFORMED_QUERY", "unterminated string literal"),
        (r"SELECT Id FROM Lead WHERE Email = '\q'", "MALFORMED_QUERY", r"Illegal character sequence '\q'"),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01T00:00:00 0000", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Lead WHERE ConvertedDate = 2026-13-01", "MALFORMED_QUERY", "invalid date"),
        ("SELECT Id FROM Lead LIMIT", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT FROM Lead", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("", "MALFORMED_QUERY", "A query string has to be specified"),
        ("SELECT Id, Id FROM Lead", "MALFORMED_QUERY", "duplicate field selected: Id"),
        ("SELECT Status, COUNT(Id) FROM Lead", "MALFORMED_QUERY", "Field must be grouped or aggregated: Status"),
        ("SELECT Status FROM Lead GROUP BY Email", "MALFORMED_QUERY", "must be grouped or aggregated: Status"),
        ("SELECT CreatedDate FROM Lead GROUP BY CreatedDate", "INVALID_FIELD", "can not be grouped"),
        ("SELECT SUM(Email) FROM Lead", "INVALID_FIELD", "does not support aggregate operator SUM"),
        ("SELECT CALENDAR_YEAR(Email) FROM Lead", "INVALID_FIELD", "does not support CALENDAR_YEAR"),
        ("SELECT NONSENSE(Email) FROM Lead", "MALFORMED_QUERY", "unexpected token: 'NONSENSE'"),
        ("SELECT Id FROM Lead WHERE Email IN (SELECT Id FROM Task)", "MALFORMED_QUERY", "id fields"),
        ("SELECT Id FROM Lead WHERE Id IN (SELECT Id, LeadId FROM CampaignMember)", "MALFORMED_QUERY", "one field"),
        ("SELECT Id FROM Lead OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
    ],
)
def test_refusals(library: Site, query: str, code: str, message: str) -> None:
    """What Salesforce refuses is refused with its code and its words."""
    refused = library.refusal(query)
    assert refused[0] == code
    assert message in refused[1]


def test_the_caret_points_at_the_place(library: Site) -> None:
    """The message shows the line, a caret under the place, row and column."""
    _, message = library.refusal("SELECT Id,\nNonsense FROM Lead")
    assert message.splitlines()[:4] == ["", "Nonsense FROM Lead", "^", "ERROR at Row:2:Column:1"]
    _, message = library.refusal(f"SELECT Id FROM Lead WHERE Email = '{'x' * 200}' AND Nonsense = 1")
    lines = message.splitlines()
    assert lines[1][lines[2].index("^") :].startswith("Nonsense")


def test_lengths_have_limits(library: Site) -> None:
    """A statement has at most 100,000 characters, a URI 16,384 bytes, with the headers too."""
    answer = library.call("GET", "/query", params={"q": "SELECT Id FROM Lead WHERE Email = '" + "x" * 17_000 + "'"})
    assert answer.status_code == 414
    query = {"q": "SELECT Id FROM Lead WHERE Email = '" + "x" * 15_000 + "'"}
    assert library.call("GET", "/query", params=query).status_code == 200
    answer = library.call("GET", "/query", params=query, headers={"X-Long": "y" * 2000})
    assert answer.status_code == 431
    long = "SELECT Id FROM Lead WHERE Email = '" + "x" * 100_000 + "'"
    job = library.call("POST", "/jobs/query", json={"operation": "query", "query": long})
    assert (job.status_code, job.json()[0]["errorCode"]) == (400, "MALFORMED_QUERY")
