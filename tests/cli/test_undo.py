"""Taking an applied plan back: old values again, nobody's edit overwritten, and then nothing more is written."""

from __future__ import annotations

import stat
from pathlib import Path

from leadline.sync.plan import load_plan
from tests.cli.desk import Desk


def test_a_plan_is_taken_back(desk: Desk) -> None:
    """Every old value is planned again; once it is written, nothing more is written until somebody resumes."""
    desk.adopt()
    adopted = load_plan(Path("plan.json"))
    told = desk.leadline("undo", adopted.hash[:8], "-o", "undo.json")
    assert told.code == 0, told
    undo = load_plan(Path("undo.json"))
    assert undo.undoes == adopted.hash
    assert undo.record_count() == adopted.record_count()
    final = {(write.ref, write.field): write.new for write in adopted.writes}
    first = {(write.ref, write.field): write.old for write in reversed(adopted.writes)}
    back = {(write.ref, write.field): write.new for write in undo.writes}
    assert back == {key: old for key, old in first.items() if old != final[key]}

    applied = desk.leadline("apply", "undo.json")
    assert applied.code == 0, applied
    assert "Writing is paused from here on" in applied.out
    for file in ("plan.json", "undo.json"):
        assert stat.S_IMODE(Path(file).stat().st_mode) == 0o600, "it holds personal data"
    assert desk.leadline("undo", adopted.hash[:8], "-o", "again.json", "--json").json["writes"] == 0
    assert desk.leadline("plan", "-o", "plan.json").code == 1
    assert desk.leadline("sync").code == 1
    told = desk.leadline("health")
    assert "was undone" in told.out
    assert "a guard, the book" not in told.out, "it is paused, and that is said"


def test_more_is_taken_back_while_the_first_undo_holds_writing(desk: Desk) -> None:
    """The pause that an undo leaves holds sync, not what takes back the rest; a person's pause holds that too."""
    desk.adopt()
    adopted = load_plan(Path("plan.json")).hash
    assert desk.leadline("undo", adopted, "-o", "one.json").code == 0
    desk.faults("hubspot", kind="partial_failure", code="VALIDATION_ERROR", times=1)
    assert desk.leadline("apply", "one.json").code == 3
    desk.faults()
    assert "was undone" in desk.leadline("health").out
    assert desk.leadline("undo", adopted, "-o", "two.json", "--json").json["writes"] > 0
    assert desk.leadline("apply", "two.json").code == 0
    assert desk.leadline("pause", "--why", "audit").code == 0
    assert desk.leadline("undo", adopted, "-o", "three.json").code == 0
    desk.refused("apply", "three.json", code=1, said="audit")


def test_what_cannot_be_undone_says_why(desk: Desk) -> None:
    """An unknown plan, a shortened hash that is too short, another book."""
    desk.refused("undo", "abcdef", "-o", "undo.json", code=1, said="no plan abcdef was applied")
    desk.adopt()
    adopted = load_plan(Path("plan.json")).hash
    desk.refused("undo", adopted[:3], "-o", "undo.json", code=1, said="no plan")
    desk.edit("name: ", "name: New ")
    desk.refused("undo", adopted, "-o", "undo.json", code=1, said="not the active one")
