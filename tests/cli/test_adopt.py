"""`leadline adopt` on the command line: the table, what cannot be asked together, and adopting without writing."""

from __future__ import annotations

import pytest

from tests.cli.desk import Desk


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--wave", "5"), "give the FILE that"),
        (("--write", "nothing"), "give the FILE that"),
        (("plan.json", "-o", "other.json"), "leave it out to accept"),
        (("plan.json", "--write", "nothing", "--wait", "1m"), "there is none"),
        (("plan.json",), "cannot be read"),
    ],
)
def test_what_cannot_be_asked_together(reading_desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    """Each misuse is told before anything is read."""
    reading_desk.refused("adopt", *arguments, code=2, said=said)


def test_adopting_without_writing(desk: Desk) -> None:
    """The table names unknown values with the nearest stage; then nothing is written, and drift is by design."""
    desk.edit("customer: customer", "customer: Customers")
    shown = desk.leadline("adopt", "-o", "adopt.json", "--json").json
    unknown = [line for line in shown["table"] if line["value"] == "customer"]
    assert {line["hint"] for line in unknown} == {"did you mean `customer`?"}
    text = desk.leadline("adopt", "-o", "adopt.json").out
    assert "unknown (did you mean `customer`?)" in text
    left = shown["not_written"]
    assert left
    assert all(f"{one['records']} {one['crm']} {one['object']}: {one['reason']}" in text for one in left)
    told = desk.leadline("adopt", "adopt.json", "--write", "nothing", "--json")
    assert (told.code, told.json["written"], desk.written()) == (0, 0, 0)
    assert desk.leadline("sync").code == 0
    assert desk.written() == 0
    found = desk.leadline("drift", "--json")
    assert (found.code, set(found.json["by_why"])) == (
        0,
        {"adopted"} | {"rule", "converted"} & set(found.json["by_why"]),
    )
    desk.refused("adopt", "-o", "again.json", code=1, said="adopted already")
