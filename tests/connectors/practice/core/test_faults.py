"""Faults: read from specs with clear refusals, drawn deterministically."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.common.errors import UsageError
from leadline.connectors.practice.faults import KINDS, FaultBox, load_faults, read_fault


def box(*specs: dict[str, Any], seed: int = 1) -> FaultBox:
    """Return a box of HubSpot's with these faults in force."""
    made = FaultBox(seed, "hubspot")
    made.add(specs)
    return made


def struck(faults: FaultBox, calls: int, kind: str = "server_error") -> list[bool]:
    """Draw so many times and tell which were struck."""
    return [faults.draw(kind, endpoint="GET /x") is not None for _ in range(calls)]


def test_after_and_times_bound_when_a_fault_strikes() -> None:
    """The first ``after`` calls are spared and then ``times`` calls fail."""
    faults = box({"kind": "server_error", "after": 2, "times": 3})
    assert struck(faults, 8) == [False, False, True, True, True, False, False, False]


@pytest.mark.parametrize(
    ("match", "hits"),
    [
        ("*", True),
        ("POST", True),
        ("GET", False),
        ("POST /crm/*", True),
        ("/crm/v3/*/batch/read", True),
        ("/crm/v4/*", False),
        ("POST /crm/v3/objects/contacts/batch/read", True),
    ],
)
def test_match_is_a_glob_on_label_path_or_method(match: str, hits: bool) -> None:
    """A fault may name a method, a path or the whole label."""
    faults = box({"kind": "server_error", "match": match})
    drawn = faults.draw("server_error", endpoint="POST /crm/v3/objects/contacts/batch/read")
    assert (drawn is not None) == hits


@pytest.mark.parametrize("match", ["collections", "POST", "/services/*", "POST /services/data/v*/composite/*"])
def test_a_short_label_is_matched_by_its_request_too(match: str) -> None:
    """Where a dialect's labels are words, the literal method and path can be named as well."""
    faults = box({"kind": "server_error", "match": match})
    request = "POST /services/data/v62.0/composite/sobjects"
    assert faults.draw("server_error", endpoint="query", request="GET /other") is None
    assert faults.draw("server_error", endpoint="collections", request=request) is not None


def test_key_narrows_a_fault_to_records() -> None:
    """A fault with a key strikes only what the handler names so."""
    faults = box({"kind": "partial_failure", "key": "00Q*"})
    assert faults.draw("partial_failure", endpoint="PATCH /x", key="003A") is None
    assert faults.draw("partial_failure", endpoint="PATCH /x", key="00QA") is not None


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), rate=st.floats(0, 1))
def test_the_same_seed_strikes_the_same_calls(seed: int, rate: float) -> None:
    """Two boxes of one seed agree, and clearing starts the same sequence over."""
    spec = {"kind": "server_error", "rate": rate}
    one, two = box(spec, seed=seed), box(spec, seed=seed)
    first = struck(one, 30)
    assert struck(two, 30) == first
    one.clear()
    one.add([spec])
    assert struck(one, 30) == first


@settings(deadline=None)
@given(keys=st.permutations([f"p{number}" for number in range(12)]))
def test_with_keys_the_order_of_calls_does_not_matter(keys: list[str]) -> None:
    """A record's fate depends on its key, not on which call came first."""
    spec = {"kind": "lock_error", "rate": 0.5}
    fixed, shuffled = box(spec), box(spec)
    expected = {key: fixed.draw("lock_error", key=key) is not None for key in sorted(keys)}
    assert {key: shuffled.draw("lock_error", key=key) is not None for key in keys} == expected
    assert len(set(expected.values())) == 2


def test_a_rate_is_kept_over_many_calls() -> None:
    """A quarter is a quarter, near enough."""
    assert 180 < sum(struck(box({"kind": "server_error", "rate": 0.25}), 1000)) < 320


def test_faults_of_the_other_crm_are_left_out() -> None:
    """One file may hold the faults of both CRMs."""
    faults = box({"kind": "server_error", "crm": "salesforce"}, {"kind": "silent_ignore", "crm": "hubspot"})
    assert [fault["kind"] for fault in faults.plain()] == ["silent_ignore"]


def test_counts_are_shown() -> None:
    """What a fault saw and spoiled can be read."""
    faults = box({"kind": "server_error", "times": 2})
    struck(faults, 5)
    shown = faults.plain()[0]
    assert (shown["matched"], shown["struck"], shown["status"]) == (5, 2, 503)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"kind": "sever_error"}, "did you mean 'server_error'"),
        ({}, "unknown kind None"),
        ({"kind": "server_error", "tiems": 2}, "did you mean 'times'"),
        ({"kind": "server_error", "status": 999}, "status must be an HTTP status"),
        ({"kind": "server_error", "status": "503"}, "status must be an HTTP status"),
        ({"kind": "slow_answer", "seconds": float("inf")}, "seconds must be a number of seconds"),
        ({"kind": "slow_answer", "seconds": True}, "seconds must be a number of seconds"),
        ({"kind": "server_error", "rate": 1.5}, "rate must be a number from 0 to 1"),
        ({"kind": "server_error", "rate": float("nan")}, "rate must be a number from 0 to 1"),
        ({"kind": "server_error", "times": -1}, "times must be a whole number"),
        ({"kind": "server_error", "crm": "zoho"}, "crm must be salesforce, hubspot or null"),
        ({"kind": "lock_error", "crm": "hubspot"}, "HubSpot knows no lock_error"),
        ({"kind": "server_error", "crm": ["hubspot"]}, "crm must be salesforce, hubspot or null"),
        ({"kind": "dropped_connection", "when": ["before"]}, "when must be one of before, after, midbody"),
        ({"kind": "partial_failure", "fields": "a"}, "fields must be a list of texts"),
    ],
)
def test_a_bad_spec_is_refused_with_the_nearest_name(spec: dict[str, Any], message: str) -> None:
    """A refusal names the fault, what is wrong and what would be right; nothing is added."""
    faults = FaultBox()
    with pytest.raises(UsageError, match="fault 2: ") as refused:
        faults.add([{"kind": "lock_error"}, spec])
    assert message in str(refused.value)
    assert not faults.any


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_stands_on_its_defaults(kind: str) -> None:
    """A kind alone is a whole fault."""
    fault = read_fault({"kind": kind})
    assert {name: fault[name] for name in KINDS[kind]} == {
        name: default for name, (_, default) in KINDS[kind].items()
    }


def test_files_in_yaml_and_json_say_the_same(tmp_path: Path) -> None:
    """A fault file may be YAML or JSON, a list or a mapping with ``faults``."""
    specs = [{"kind": "too_many_requests", "retry_after": 2}, {"kind": "late_commit", "crm": "salesforce"}]
    (tmp_path / "a.json").write_text(json.dumps(specs))
    (tmp_path / "b.yml").write_text(
        "faults:\n  - {kind: too_many_requests, retry_after: 2}\n  - kind: late_commit\n    crm: salesforce\n"
    )
    assert list(load_faults(tmp_path / "a.json")) == list(load_faults(tmp_path / "b.yml")) == specs


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"- kind: nope", "fault 1: unknown kind 'nope'"),
        (b"{", "not valid YAML or JSON"),
        (b"\xff\xfe\x00", "not valid YAML or JSON"),
        (b"3", "faults are a list of mappings"),
        (b"", "faults are a list of mappings"),
        (b"faults: {a: [}", "not valid YAML or JSON"),
    ],
)
def test_a_bad_file_is_a_usage_error_with_its_name(tmp_path: Path, content: bytes, message: str) -> None:
    """Whatever is in the file, the message names it and says what is wrong."""
    path = tmp_path / "faults.yml"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"faults\.yml") as refused:
        load_faults(path)
    assert message in str(refused.value)


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    """A file that is not there is said so."""
    with pytest.raises(UsageError, match="cannot be read"):
        load_faults(tmp_path / "none.yml")
