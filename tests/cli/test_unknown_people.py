"""Asking for what is not there: before the first pull, people and decisions that nobody knows, odd instants."""

from __future__ import annotations

import pytest

from tests.cli.desk import Desk


def test_before_anything_was_pulled(reading_desk: Desk) -> None:
    """Each verb that looks names the verb that comes first."""
    reading_desk.refused("explain", "p-1", code=1, said="nobody is known yet: run `leadline pull` first")
    reading_desk.refused("verify", "d-1", code=1, said="nothing is decided yet: `leadline plan -o plan.json`")
    said = reading_desk.leadline("report")
    assert said.code == 0
    assert "leadline plan -o plan.json" in said.out
    assert reading_desk.leadline("report", "--json").json["people"] == 0


def test_who_is_meant(desk: Desk) -> None:
    """Nearly right is answered with what is meant, masked; several with their ids; an id with what follows."""
    desk.adopt()
    people = [person for person in desk.practice.organisation.people if person.email and person.duplicate_of is None]
    email = next(person.email for person in people if desk.leadline("explain", person.email).code == 0)
    said = desk.refused("explain", email[:-1], code=1, said="did you mean p-")
    assert email not in said.err
    assert email[:-1] not in said.err
    desk.refused("explain", "p-99", code=1, said="the last one is p-000060")
    desk.refused("explain", "", code=1, said="nobody is known by ''")
    desk.refused("explain", "salesforce:Lead/none", code=1, said="nobody is known by 'salesforce:Lead/none'")
    assert len(desk.refused("explain", "x" * 5000, code=1).err) < 300
    decision = desk.leadline("explain", "p-1", "--json").json["decisions"][0]
    desk.refused("verify", decision[:8], code=1, said=f"near it are {decision}")
    desk.refused("verify", decision[:-1] + "x", code=1, said=f"near it are {decision}")
    desk.refused("verify", "x", code=1, said="`leadline explain PERSON` names a person's decisions")
    desk.refused("report", "--source", "sorce", code=2, said="the book has no field sorce; it has amount,")


def test_an_address_of_two_people(reading_desk: Desk) -> None:
    """When several persons have one address, their ids are given to choose from."""
    import sqlite3
    from contextlib import closing

    assert reading_desk.leadline("pull").code == 0
    with closing(sqlite3.connect("leadline.db")) as connection:
        two = connection.execute(
            "SELECT person_id, email FROM records WHERE email IS NOT NULL GROUP BY person_id LIMIT 2"
        )
        (_, email), (other, _) = two.fetchall()
        connection.execute("UPDATE records SET email = ? WHERE person_id = ?", (email, other))
        connection.commit()
    said = reading_desk.refused("explain", email, code=1, said="means 2 persons: p-")
    assert "give one of these ids" in said.err


def test_other_instants(desk: Desk) -> None:
    """Before and after the last evaluation the text says what is shown; absurd instants are refused."""
    desk.adopt()
    assert (
        "stage and pass are those of the last evaluation" in desk.leadline("explain", "p-1", "--at", "2026-01-01").out
    )
    assert "if nothing new is learnt after" in desk.leadline("explain", "p-1", "--at", "2027-01-01").out
    desk.refused("explain", "p-1", "--at", "0001-01-01", code=2, said="--at lies outside the years 1900 to 2999")
    desk.refused("explain", "p-1", "--at", "soon", code=2, said="not an ISO 8601 instant")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pul"], "No such command 'pul'"),
        (["plan", "--ouput", "x"], "Did you mean '--output'?"),
        (["apply"], "Missing argument 'FILE'"),
        (["explain"], "Missing argument"),
        (["sync", "now"], "unexpected extra argument"),
        (["practice", "--people", "many"], "is not a valid integer"),
        (["practice", "--people", "-1"], "not in the range"),
        (["practice", "--salesforce-port", "70000"], "not in the range"),
        (["practice", "--faults", "nofile.yml"], "the fault file cannot be read"),
        (["practice", "--data", "nowhere"], "there is no people.csv"),
        (["demo", "--dir", "."], "is not a demonstration; name another --dir"),
    ],
)
def test_a_slip_of_the_fingers(reading_desk: Desk, arguments: list[str], said: str) -> None:
    """Usage is exit code 2 with the nearest option or the limits, as text and as JSON."""
    reading_desk.refused(*arguments, code=2, said=said)
