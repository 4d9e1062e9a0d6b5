"""The plan file: what is saved comes back, and what was edited or is no plan is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.common.errors import RefusedError, UsageError
from leadline.sync.plan import Plan, build_plan, load_plan, save_plan
from tests.sync.looking import parse_plan, plan_text
from tests.sync.writing.writing_kit import (
    READERS,
    SHOWN_HUBSPOT,
    People,
    a_book,
    a_person,
    an_outcome,
    hubspot,
    salesforce,
)


def a_plan() -> Plan:
    """Return a plan with both CRMs, a two-step write and a decimal."""
    person = a_person("p1", an_outcome("recycled"), (salesforce(), {}), (hubspot(), SHOWN_HUBSPOT))
    return build_plan(People([person]), a_book(), READERS)


def test_a_saved_plan_comes_back(tmp_path: Path) -> None:
    """Saving and loading gives an equal plan, types included."""
    plan = a_plan()
    save_plan(plan, tmp_path / "plan.json")
    assert load_plan(tmp_path / "plan.json") == plan
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every scalar in a JSON document."""
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in leaves(item, (*path, key))]
    if isinstance(value, list):
        return [found for number, item in enumerate(value) for found in leaves(item, (*path, number))]
    return [path]


@given(data=st.data())
def test_any_edit_is_noticed(data: st.DataObject) -> None:
    """Changing any single value of a plan file gets it refused, and never a traceback."""
    content = json.loads(plan_text(a_plan()))
    path = data.draw(st.sampled_from(leaves(content)))
    new = data.draw(st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)))
    place = content
    for step in path[:-1]:
        place = place[step]
    if place[path[-1]] == new and type(place[path[-1]]) is type(new):
        return
    place[path[-1]] = new
    with pytest.raises((RefusedError, UsageError)):
        parse_plan(json.dumps(content))


def test_an_edited_value_is_told_as_an_edit(tmp_path: Path) -> None:
    """The refusal says that the file was edited and what to do."""
    path = tmp_path / "plan.json"
    path.write_text(plan_text(a_plan()).replace('"new": "recycled"', '"new": "customer"'), encoding="utf-8")
    with pytest.raises(RefusedError, match="edited"):
        load_plan(path)


def test_layout_does_not_matter() -> None:
    """A plan file that passed through a formatter is the same plan."""
    content = json.loads(plan_text(a_plan()))
    assert parse_plan(json.dumps(content, indent=4)) == a_plan()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"plan.json:1:1: not JSON"),
        ("{]", r"plan.json:1:2: not JSON"),
        ("[]", "should be an object"),
        ("{}", "format"),
        ('{"format": 99}', "99"),
        ('{"format": 1}', "writes should be a list"),
        ("[" * 100_000, "too deep"),
        ('{"format": ' + "1" * 5000 + "}", "too large"),
    ],
)
def test_what_is_no_plan_is_told_where(tmp_path: Path, text: str, said: str) -> None:
    """A wrong file gets its place and a next step, whatever is in it."""
    path = tmp_path / "plan.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        load_plan(path)


def test_a_wrong_member_is_named(tmp_path: Path) -> None:
    """The first member that is not as it should be is named by its path."""
    content = json.loads(plan_text(a_plan()))
    content["writes"][1]["phase"] = 3
    with pytest.raises(UsageError, match=r"writes\[1\]\.phase should be one of 1, 2"):
        parse_plan(json.dumps(content))


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("frontier", "0001-01-01T00:00:00+14:00", "frontier should be an instant"),
        ("only", "\ud800", "half a character"),
    ],
)
def test_what_no_plan_can_hold_is_told(member: str, value: str, said: str) -> None:
    """An instant before the first year in UTC and a text that no encoding has are refused in a line."""
    with pytest.raises(UsageError, match=said):
        parse_plan(json.dumps({**json.loads(plan_text(a_plan())), member: value}))


def test_half_a_character_in_a_write_is_told() -> None:
    """It is told as what it is, not as a number that is too large."""
    content = json.loads(plan_text(a_plan()))
    content["writes"][0]["person"] = "\ud800"
    with pytest.raises(UsageError, match="half a character"):
        parse_plan(json.dumps(content))


def test_a_plan_that_cannot_be_written_to_its_end_leaves_nothing(tmp_path: Path) -> None:
    """Whatever ends the writing, no part of a file stays behind."""
    with pytest.raises(UnicodeEncodeError):
        save_plan(replace(a_plan(), only="\ud800"), tmp_path / "plan.json")
    assert not list(tmp_path.iterdir())


def test_unreadable_places_are_usage_errors(tmp_path: Path) -> None:
    """A missing file, bytes that are no text and a place that cannot be written are told plainly."""
    with pytest.raises(UsageError, match="cannot be read"):
        load_plan(tmp_path / "missing.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        load_plan(tmp_path / "binary.json")
    with pytest.raises(UsageError, match="cannot be written"):
        save_plan(a_plan(), tmp_path / "no" / "plan.json")
