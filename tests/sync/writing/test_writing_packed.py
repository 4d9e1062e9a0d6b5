"""Plans of any size: writes packed outside of memory are the writes, and a document read in parts is the document."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.common.canonical import digest
from leadline.common.errors import OutsideError, RefusedError, UsageError
from leadline.common.values import RecordRef, RecordWrite
from leadline.connectors.salesforce.writing import batches, read_back_calls
from leadline.connectors.salesforce.writing import calls_of as calls_of_batches
from leadline.sync.plan import PlannedWrite, Writes, grouped, load_plan, save_plan
from leadline.sync.plan.build import calls_of
from leadline.sync.plan.file import head_text, read_kept
from leadline.sync.plan.rows import place_of
from leadline.sync.plan.scanning import Scanner, decoded
from leadline.sync.plan.sorting import Sorter
from leadline.sync.plan.write import record_write
from tests.sync.looking import plan_text
from tests.sync.writing.test_writing_file import a_plan
from tests.sync.writing.writing_kit import PricingReader

PEOPLE = ("p1", "p2", "p3")
OBJECTS = (("salesforce", "Lead"), ("salesforce", "Account"), ("hubspot", "contact"))
RAW = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=4), st.just(Decimal("1.50")))


@st.composite
def a_write(draw: st.DrawFn) -> PlannedWrite:
    """Return a write of one of a few people, with some or all of what a write may say."""
    crm, name = draw(st.sampled_from(OBJECTS))
    person = draw(st.sampled_from(PEOPLE))
    stage = draw(st.sampled_from([None, "mql", "sal"]))
    return PlannedWrite(
        RecordRef(crm, name, f"{person}{draw(st.sampled_from('ab'))}"),  # type: ignore[arg-type]
        draw(st.sampled_from([person, person, ""])),
        draw(st.sampled_from(["stage", "fit", "why"])),
        "text",
        draw(RAW),
        draw(RAW),
        draw(st.sampled_from(["d-1", "d-2", ""])),
        draw(st.sampled_from([1, 2])),
        stage,
        f"inquiry -> {stage}" if stage else None,
        draw(st.booleans()) if stage else False,
        draw(st.sampled_from([None, "mql A"])),
        draw(st.sampled_from([None, "e-1"])),
        draw(st.sampled_from([None, "", "001A"])),
    )


@settings(max_examples=60)
@given(st.lists(a_write(), max_size=12))
def test_packed_writes_are_the_writes(writes: list[PlannedWrite]) -> None:
    """Packing keeps every write and its type, in order, however they are asked for; equal only to the same."""
    packed = Writes.of(writes)
    assert (len(packed), list(packed), packed[2:5]) == (len(writes), writes, tuple(writes[2:5]))
    assert packed == tuple(writes)
    assert [packed[number] for number in range(-len(writes), len(writes))] == [*writes, *writes]
    assert [type(write.new) for write in packed] == [type(write.new) for write in writes]
    assert [group for _, group in packed.groups()] == list(grouped(writes))
    assert Writes(packed.rows()) == packed
    rows = [row for _, row in packed.packed(range(len(writes)))]
    assert rows == list(packed.rows())
    assert [place_of(row) for row in rows] == [replace(record_write(group), fields={}) for group in grouped(writes)]
    assert packed != [*writes, *writes[:1], *writes[:1]] or not writes
    with pytest.raises(IndexError):
        packed[len(writes)]


@settings(max_examples=60)
@given(st.lists(a_write(), max_size=12), st.integers(1, 4))
def test_what_is_counted_of_packed_writes(writes: list[PlannedWrite], size: int) -> None:
    """Records, people and fields are those of the writes; portions are everybody, each person whole and once."""
    writes = [replace(write, person=write.ref.id[:2]) for write in writes]  # a record belongs to one person
    packed = Writes.of(writes)
    assert packed.record_count() == len({write.ref for write in writes})
    assert packed.people() == len({write.person for write in writes if write.ref.object != "Account"})
    assert sum(packed.fields().values()) == len(writes)
    assert packed.cleared("hubspot") == len(
        {write.ref for write in writes if write.phase == 1 and write.ref.crm == "hubspot"}
    )
    portions = list(packed.portions(size))
    assert Counter(person for people in portions for person in people) == Counter({one.person for one in writes})
    assert all(len({one.ref for one in writes if one.person in people}) >= size for people in portions[:-1])
    leads = {one.ref: one.person for one in writes if one.ref.crm == "salesforce"}
    portions = list(packed.portions(size, "salesforce"))
    assert Counter(person for people in portions for person in people) == Counter(set(leads.values()))
    assert all(sum(person in people for person in leads.values()) >= size for people in portions[:-1])
    assert [ref for ref, _ in packed.by_record()] == sorted({write.ref for write in writes})
    of_first = packed.groups(packed.numbers_of(PEOPLE[:1]))
    assert all(group[0].person == PEOPLE[0] for _, group in of_first)
    assert sum(packed.movers().values()) == len({group[0].person for group in grouped(writes)})


class Salesforce(PricingReader):
    """Prices writes as Salesforce's connector does."""

    def forecast(self, writes: Sequence[RecordWrite]) -> dict[str, int]:
        """Price the batches that would be sent."""
        refs = [item.ref for item in writes]
        return {"write": calls_of_batches(batches(writes)), "read_back": read_back_calls(refs)}


def test_records_of_the_other_crm_do_not_break_a_bulk_job_in_two() -> None:
    """A plan of 24,000 records, 8,000 of them leads, writes these by one job: five calls, and four that read back."""
    writes = [
        PlannedWrite(RecordRef(crm, name, f"{person}{part}"), f"p{person}", "stage", "text", None, "mql", "d")  # type: ignore[arg-type]
        for person in range(8_000)
        for crm, name, part in (("salesforce", "Lead", ""), ("hubspot", "contact", "a"), ("hubspot", "contact", "b"))
    ]
    assert calls_of(Salesforce("salesforce"), "salesforce", Writes.of(writes)) == {"write": 5, "read_back": 4}


@settings(max_examples=40)
@given(st.permutations(range(12)))
def test_writes_are_sorted_whatever_comes_first(order: Sequence[int]) -> None:
    """The order in which records are found does not matter; two causes of one record end in one group."""
    sorter = Sorter()
    for number in order:
        ref = RecordRef("salesforce", "Lead", f"{number // 2}")
        write = PlannedWrite(ref, f"p{number // 2}", f"field{number % 2}", "text", None, "x", "d")
        sorter.add([write], 0, "account", "person" if number % 2 else "effect")
    writes = sorter.finish()
    assert [(write.ref.id, write.field) for write in writes] == [
        (f"{number}", f"field{which}") for number in range(6) for which in (0, 1)
    ]
    assert len(list(writes.groups())) == 6


def in_parts(text: str, sizes: Sequence[int]) -> Iterator[str]:
    """Cut a text into parts of these sizes; the last one has the rest."""
    for size in sizes:
        yield text[:size]
        text = text[size:]
    yield text


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["writes", "a", "z"]), JSON), st.lists(st.integers(0, 9)), st.integers(0, 2))
def test_a_document_read_in_parts_is_the_document(content: dict[str, Any], sizes: list[int], indent: int) -> None:
    """Wherever the text is cut, and however it is laid out, the same comes out, and lists item by item."""
    text = json.dumps(content, indent=indent or None, ensure_ascii=False)
    taken: list[Any] = []
    found = Scanner(in_parts(text, sizes)).document({"writes": lambda items: taken.extend(items) or "taken"})
    if isinstance(content.get("writes"), list):
        assert (found, taken) == ({**content, "writes": "taken"}, content["writes"])
    else:
        assert (found, taken) == (content, [])
    assert "".join(decoded(part.encode() for part in in_parts(text, sizes))) == text


@given(st.lists(st.integers(0, 40)), st.integers(1, 60))
def test_the_place_of_an_error_is_that_in_the_whole(sizes: list[int], cut: int) -> None:
    """A document that is cut short or goes on too long is wrong at the same line and column, in parts or whole."""
    text = '{"a": 1,\n "writes": [{"b": "x"},\n {"b": 12}],\n "c": null}'
    for spoilt in (text[:cut], f"{text} 3", text[:cut] + "!" + text[cut:]):
        try:
            json.loads(spoilt)
        except json.JSONDecodeError as error:
            with pytest.raises(json.JSONDecodeError) as raised:
                Scanner(in_parts(spoilt, sizes)).document({"writes": list})
            assert raised.value.lineno == error.lineno


def test_a_file_read_byte_by_byte_is_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a character of several bytes is cut; a byte that is no UTF-8 is named by its place in the file."""
    plan = a_plan()
    save_plan(plan, tmp_path / "plan.json")
    monkeypatch.setattr("leadline.sync.plan.file._READ", 1)
    assert load_plan(tmp_path / "plan.json") == plan
    spoilt = plan_text(plan).encode()
    (tmp_path / "plan.json").write_bytes(spoilt[:700] + b"\xff" + spoilt[700:])
    with pytest.raises(UsageError, match="byte 700: not UTF-8"):
        load_plan(tmp_path / "plan.json")


def test_the_hash_is_that_of_the_whole_content() -> None:
    """Hashed as a stream, a plan has the hash that its canonical JSON has: plans of older versions stay valid."""
    content = json.loads(plan_text(a_plan()))
    hashed = content.pop("hash")
    assert hashed == digest(content)


def test_a_plan_that_an_older_version_began_is_continued() -> None:
    """It stands in the state with its writes; a newer one has them in rows, and they are guarded by the hash, too."""
    plan = a_plan()
    assert read_kept(plan_text(plan), (), "plan") == plan
    rows = list(plan.writes.rows())
    assert read_kept(head_text(plan), rows, "plan") == plan
    with pytest.raises(RefusedError, match="does not match its hash"):
        read_kept(head_text(plan), rows[:-1], "plan")


@pytest.mark.usefixtures("usual_garbage")
def test_ten_thousand_writes_are_not_held() -> None:
    """What Python holds of packed writes does not grow with them, and neither does going through them."""
    held: list[int] = []
    for count in (1_000, 10_000):
        tracemalloc.start()
        refs = (RecordRef("hubspot", "contact", f"{number}") for number in range(count))
        packed = Writes.of(PlannedWrite(ref, f"p-{ref.id}", "fit", "text", None, "x", f"d-{ref.id}") for ref in refs)
        assert sum(len(group) for _, group in packed.groups()) == count
        held.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert held[1] < 4 * held[0]  # what was traced of the first ones depends on what ran before


def test_a_directory_without_room_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the private database cannot grow the run ends with what to do, and not in a traceback."""
    monkeypatch.setattr("leadline.sync.plan.scratch.SETTINGS", "PRAGMA max_page_count = 12; BEGIN;")
    ref = RecordRef("hubspot", "contact", "1")
    with pytest.raises(OutsideError, match="TMPDIR"):
        Writes.of(PlannedWrite(ref, f"p-{n}", "why", "text", None, "x" * 400, "d", 1 + n % 2) for n in range(2_000))  # type: ignore[arg-type]
