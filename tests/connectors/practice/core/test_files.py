"""CSV in and out: nothing is lost, defaults fill what is missing, every problem is placed."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.common.errors import UsageError
from leadline.connectors.practice.files import load_organisation, save_organisation
from leadline.connectors.practice.generate import DEFAULT_END, generate
from leadline.connectors.practice.organisation import Happening, Organisation

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
FULL = TEXTS.filter(str.strip)
KEPT = st.none() | FULL
INSTANTS = st.datetimes(datetime(1971, 1, 1), DEFAULT_END.replace(tzinfo=None), timezones=st.just(UTC))  # noqa: DTZ001
MONEY = st.none() | st.decimals(-(10**9), 10**9, places=2)


def test_the_generated_organisation_comes_back_whole(tmp_path: Path) -> None:
    """Save and load are inverse on everything that the generator makes."""
    organisation = generate(seed=5, people=400)
    save_organisation(organisation, tmp_path / "org")
    assert load_organisation(tmp_path / "org") == organisation


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_values_come_back(data: st.DataObject) -> None:
    """Quotes, line ends, emoji, blanks, odd numbers: what is written is what is read."""
    base = generate(seed=1, people=3)
    person = replace(
        base.people[0],
        first_name=data.draw(KEPT),
        last_name=data.draw(FULL),
        title=data.draw(KEPT),
        company_name=data.draw(FULL),
        modified=data.draw(INSTANTS),
        project_start=data.draw(st.none() | st.dates()),
        expected_amount=data.draw(MONEY),
        budget=data.draw(st.none() | st.booleans()),
        linked=data.draw(st.booleans()),
    )
    attributes = data.draw(st.dictionaries(st.sampled_from(["url", "body", "subject"]), FULL))
    happening = Happening("h1", "note", "hubspot", person.key, data.draw(INSTANTS), None, attributes)
    organisation = replace(base, people=(person, *base.people[1:]), happenings=(happening,))
    with tempfile.TemporaryDirectory() as directory:
        save_organisation(organisation, Path(directory))
        assert load_organisation(Path(directory)) == organisation


def load(directory: Path, **files: str) -> Organisation:
    """Write these files and load them."""
    for name, text in files.items():
        (directory / f"{name}.csv").write_text(text, encoding="utf-8")
    return load_organisation(directory)


def test_a_list_of_people_is_enough(tmp_path: Path) -> None:
    """An admin's own list with two columns, saved by a spreadsheet with a byte-order mark, can be rehearsed on."""
    organisation = load(
        tmp_path, people="\ufeffemail,last_name\r\nann@firm.example,Ann\r\n\r\nbo@firm.example,Bo\r\n"
    )
    assert [(p.key, p.email, p.last_name, p.salesforce, p.in_hubspot) for p in organisation.people] == [
        ("p1", "ann@firm.example", "Ann", "lead", True),
        ("p2", "bo@firm.example", "Bo", "lead", True),
    ]
    assert organisation.end == DEFAULT_END
    assert organisation.people[0].created == organisation.start == DEFAULT_END - timedelta(days=365)
    assert organisation.people[0].owner == organisation.owners[0].key


def test_the_end_is_the_latest_instant(tmp_path: Path) -> None:
    """Without organisation.csv the clock starts where the files end, told in UTC."""
    organisation = load(
        tmp_path,
        people="key,last_name,created\na,A,2026-01-05T10:00:00+02:00\n",
        happenings="kind,crm,person,at,form\nform,hubspot,a,2026-02-01T00:00:00Z,demo\n",
        deals="people,amount,close_date\na,1200.50,2026-04-01\n",
    )
    assert organisation.end == datetime(2026, 2, 1, tzinfo=UTC)
    assert organisation.people[0].modified == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert organisation.happenings[0].attributes == {"form": "demo"}
    deal = organisation.deals[0]
    assert (deal.people, deal.amount, deal.close_date) == (("a",), Decimal("1200.50"), date(2026, 4, 1))


def test_every_problem_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    """File, line and column of each wrong cell, in order, with the nearest right name."""
    with pytest.raises(UsageError) as refused:
        load(
            tmp_path,
            people=(
                "key,last_name,emial,created,salesforce,budget,company,owner\n"
                'a,"two\nlines",x,2026-01-01,Lead,perhaps,c9,u1\n'
                "a,B,x,,lead,yes,,u99\n"
                "short,row\n"
                "b c,B,x,,lead,no,,u1\n"
            ),
            companies="key,employees\nc1,many\n",
            happenings="kind,crm,person,at\nform,hubspot,a,2026-01-01T00:00:00\n,zoho,zed,\n",
        )
    assert str(refused.value).splitlines() == [
        "companies.csv:2:2: employees must be a whole number",
        "happenings.csv:2:4: at must be an instant with its zone, such as 2026-06-30T16:00:00Z",
        "happenings.csv:3:1: kind must not be empty",
        "happenings.csv:3:2: crm must be one of salesforce, hubspot",
        "happenings.csv:3:3: person: people.csv has no 'zed'",
        "people.csv:1:3: unknown column 'emial' (did you mean 'email'?)",
        "people.csv:2:4: created must be an instant with its zone, such as 2026-06-30T16:00:00Z",
        "people.csv:2:5: salesforce must be one of lead, contact, converted",
        "people.csv:2:6: budget must be true or false",
        "people.csv:2:7: company: companies.csv has no 'c9'",
        "people.csv:4:1: key: 'a' is on line 2 already",
        "people.csv:4:8: owner: owners.csv has no 'u99'",
        "people.csv:5:1: this line has 2 cells, the first one 8",
        "people.csv:6:1: key must have no blanks and no semicolons",
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"people": "key,duplicate_of,merged,merged_in\na,b,2026-01-01T00:00:00Z,hubspot\nb,a,,\n"},
            [
                "people.csv:2:2: duplicate_of leads back to this row",
                "people.csv:3:2: duplicate_of leads back to this row",
                "people.csv:3:2: duplicate_of needs merged and merged_in",
            ],
        ),
        (
            {"people": "key,deleted_in\na,zoho\n"},
            ["people.csv:2:2: deleted_in must be among salesforce, hubspot"],
        ),
        (
            {"people": "key,email,in_hubspot\na,A@x.example,\nb,a@x.example,true\nc,a@x.example,false\n"},
            [
                "people.csv:3:2: email is on line 2 already; in HubSpot an address has one contact"
                " (set in_hubspot to false on one of them)"
            ],
        ),
        (
            {
                "people": "key\na\n",
                "deals": "people,stages\na;z,Won 2026-02-01T00:00:00Z; Lost 2026-01-01T00:00:00Z\n",
            },
            [
                "deals.csv:2:1: people: people.csv has no 'z'",
                "deals.csv:2:2: stages must be in order of time",
            ],
        ),
        (
            {
                "people": "key\na\n",
                "happenings": "kind,crm,person,campaign\ncampaign_member,salesforce,a,\n"
                "campaign_member,salesforce,a,k7\nemail_event,hubspot,a,any\n",
            },
            [
                "happenings.csv:2:4: campaign must not be empty for a campaign_member",
                "happenings.csv:3:4: campaign: campaigns.csv has no 'k7'",
            ],
        ),
        (
            {"people": "created\n2026-02-01T00:00:00Z\n", "organisation": "end\n2026-01-01T00:00:00Z\n"},
            ["organisation.csv:2:1: end lies before the latest instant of the files, 2026-02-01T00:00:00Z"],
        ),
    ],
)
def test_rows_must_agree(tmp_path: Path, files: dict[str, str], message: list[str]) -> None:
    """Merges that go round, addresses that HubSpot cannot hold, histories out of order: each is told in its place."""
    with pytest.raises(UsageError) as refused:
        load(tmp_path, **files)
    assert str(refused.value).splitlines() == message


def test_a_converted_lead_has_an_instant(tmp_path: Path) -> None:
    """Where nobody said when a lead was converted, it was when the row last changed."""
    organisation = load(tmp_path, people="salesforce,modified\nconverted,2026-02-01T00:00:00Z\n")
    assert organisation.people[0].converted == datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"last_name\n\xff\xfe\n", "people.csv: is not UTF-8"),
        (b'last_name\n"open\n', "people.csv: is not CSV"),
        (b"key;last_name\na;b\n", "people.csv:1:1: unknown column 'key;last_name'"),
        (b"last_name,last_name\na,b\n", "people.csv:1:2: column 'last_name' is there twice"),
        (b"created\n0001-01-01T00:00:00Z\n", "created must be an instant between 1970 and 2200"),
        (b"expected_amount\nNaN\n", "expected_amount must be a number of ordinary size"),
        (b"expected_amount\n1e99999\n", "expected_amount must be a number of ordinary size"),
        (b"project_start\n31.12.2026\n", "project_start must be a date such as 2026-06-30"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, content: bytes, message: str) -> None:
    """Each says what is wrong, as a usage error."""
    (tmp_path / "people.csv").write_bytes(content)
    with pytest.raises(UsageError) as refused:
        load_organisation(tmp_path)
    assert message in str(refused.value)


def test_thousands_of_problems_stay_readable(tmp_path: Path) -> None:
    """The first hundred are told, and how many more there are."""
    with pytest.raises(UsageError) as refused:
        load(tmp_path, people="created\n" + "soon\n" * 1000)
    lines = str(refused.value).splitlines()
    assert (len(lines), lines[-1]) == (101, "and 900 more")


def test_a_directory_without_people_is_told(tmp_path: Path) -> None:
    """The one file that must be there is named."""
    with pytest.raises(UsageError, match=r"there is no people\.csv"):
        load_organisation(tmp_path / "nowhere")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Saving below a file is a usage error."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        save_organisation(generate(people=1), tmp_path / "file" / "org")


def test_no_people_at_all(tmp_path: Path) -> None:
    """An empty organisation saves and loads."""
    save_organisation(generate(people=0), tmp_path)
    assert load_organisation(tmp_path) == generate(people=0)
