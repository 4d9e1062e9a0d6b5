"""`leadline explain` for its readers: in two languages, as JSON, as one line, with the places in the book."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from leadline.common.messages import Message, language_named
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from tests.cli.conftest import Leadline
from tests.cli.desk import Desk

PEOPLE = [f"p-{number}" for number in range(1, 61)]
LATIN = re.compile(r"[A-Za-z]{2,}")
OURS = {"CRM"}


def words_of_the_book(value: Any) -> Iterator[str]:
    """Yield every word that an author wrote anywhere in a book, and as stages are titled."""
    if isinstance(value, str):
        for text in LATIN.findall(value):
            yield from (text, text.upper(), text.capitalize())
    elif is_dataclass(value):
        for item in fields(value):
            yield from words_of_the_book(getattr(value, item.name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from words_of_the_book(key)
            yield from words_of_the_book(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from words_of_the_book(item)


def messages(data: Any) -> Iterator[dict[str, Any]]:
    """Yield every message in a JSON document."""
    if isinstance(data, dict):
        if set(data) == {"id", "text", "arguments"}:
            yield data
        for item in data.values():
            yield from messages(item)
    elif isinstance(data, list):
        for item in data:
            yield from messages(item)


def read(home: Path) -> Book:
    """Return the book of a desk."""
    files = [*home.glob("*.yml"), *(home / "lists").glob("*")]
    return read_book(
        {str(file.relative_to(home)): file.read_bytes() for file in files if file.name != "leadline.yml"}
    )


def test_nothing_stays_english_in_chinese(reading_desk: Desk) -> None:
    """Beside words of the book, records and people nothing Latin stands in the pages of everybody."""
    assert reading_desk.leadline("pull").code == 0
    known = set(words_of_the_book(read(reading_desk.home))) | OURS
    seen = 0
    for person in PEOPLE:
        said = reading_desk.leadline("explain", person, "--language", "zh-CN")
        if said.code:
            continue
        seen += 1
        text = re.sub(r"(salesforce|hubspot):\w+/\w+|`leadline plan`|\S+\.yml:\d+|d-[0-9a-f]+|p-\d+", "", said.out)
        text = re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z", "", text)
        assert {word for word in LATIN.findall(text) if word not in known} == set(), person
    assert seen > 40


def test_machines_get_the_same_ids_in_every_language(reading_desk: Desk) -> None:
    """Only the texts differ between languages, and each text is that of its id and arguments."""
    assert reading_desk.leadline("pull").code == 0
    chinese, ids = language_named("zh"), set()
    for person in PEOPLE:
        said = {
            code: reading_desk.leadline("explain", person, "--json", "--language", code) for code in ("en", "zh-CN")
        }
        if said["en"].code:
            continue
        pairs = list(zip(*(messages(one.json) for one in said.values()), strict=True))
        assert [one["id"] for one, _ in pairs] == [other["id"] for _, other in pairs]
        ids |= {one["id"] for one, _ in pairs}
        for one, other in pairs:
            assert one["text"] == Message(one["id"], **_arguments(one))
            assert other["text"] == chinese.text(Message(other["id"], **_arguments(other)))
        told = said["en"].json
        assert told["line"] == told["trace"]["why"]["text"] == told["trace"]["outcome"]["why"]
        assert said["zh-CN"].json["trace"]["outcome"] == told["trace"]["outcome"]
    assert {"why", "way.undecided.empty", "way.hint", "seen.value", "next.score"} <= ids


def _arguments(data: dict[str, Any]) -> dict[str, Any]:
    """Return a message's arguments out of JSON, where numbers and instants are texts already."""
    return {name: _argument(value) for name, value in data["arguments"].items()}


def _argument(value: Any) -> Any:
    if isinstance(value, dict):
        return Message(value["id"], **_arguments(value))
    return tuple(_argument(item) for item in value) if isinstance(value, list) else value


def test_every_line_is_placed_in_the_book(reading_desk: Desk) -> None:
    """Criteria and ways name the file and the line where their name, or the path they are of, stands."""
    assert reading_desk.leadline("pull").code == 0
    book = (reading_desk.home / "rules.yml").read_text(encoding="utf-8").splitlines()
    told = reading_desk.leadline("explain", "p-1", "--json").json["trace"]
    for score in told["scores"]:
        for line in score["criteria"]:
            assert line["mark"]["file"] == "rules.yml"
            assert line["name"] in book[line["mark"]["line"] - 1]
    assert told["ways"]
    for way in told["ways"]:
        assert way["mark"]["line"] > 0, way["by"]
        if "->" in way["by"]:
            assert f"to: {way['target']}" in book[way["mark"]["line"] - 1]
    page = reading_desk.leadline("explain", "p-1").out
    for way in told["ways"]:
        assert f"rules.yml:{way['mark']['line']}" in page


def test_one_line_and_who_is_meant(reading_desk: Desk) -> None:
    """The same person by id, number, address and record; the line alone, also for machines and in the locale."""
    assert reading_desk.leadline("pull").code == 0
    people = [item for item in reading_desk.practice.organisation.people if item.email and item.duplicate_of is None]
    email = next(item.email for item in people if reading_desk.leadline("explain", item.email).code == 0)
    told = reading_desk.leadline("explain", email, "--json").json
    person = told["person"]
    for name in (person, person.removeprefix("p-").lstrip("0"), email.upper(), told["records"][0]):
        assert reading_desk.leadline("explain", name, "--line").out.strip() == told["line"]
    short = reading_desk.leadline("explain", person, "--line", "--json", "--language", "zh").json
    assert set(short) == {"ok", "person", "language", "line"}
    assert (short["person"], short["language"]) == (person, "zh-CN")
    assert "：" in short["line"]


def test_the_reader_s_language_is_found(reading_desk: Desk, monkeypatch: Any) -> None:
    """An option beats the variable, which beats the locale; a language that is not there is a mistake of usage."""
    assert reading_desk.leadline("pull").code == 0
    monkeypatch.setenv("LEADLINE_LANGUAGE", "zh-CN")
    assert "原因：" in reading_desk.leadline("explain", "p-1").out
    assert "why: " in reading_desk.leadline("explain", "p-1", "--language", "en").out
    monkeypatch.delenv("LEADLINE_LANGUAGE")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "原因：" in reading_desk.leadline("explain", "p-1").out
    said = reading_desk.refused("explain", "p-1", "--language", "kl", code=2, said="there are en, zh-CN")
    assert "kl" in said.err


def test_the_help_of_explain_names_the_languages(leadline: Leadline) -> None:
    """Who looks for another language finds it."""
    said = leadline("explain", "--help")
    assert said.code == 0
    assert "zh-CN" in said.out
    assert "LEADLINE_LANGUAGE" in said.out


def test_the_hand_off_note_names_nobody_unless_asked(reading_desk: Desk) -> None:
    """Four headings; masked it has no address of the person, whole it has, and half a note is refused."""
    assert reading_desk.leadline("pull").code == 0
    masked = reading_desk.leadline("explain", "p-1", "--note")
    whole = reading_desk.leadline("explain", "p-1", "--note-unmasked").out
    for heading in ("Who they are", "What they did", "Why they qualify", "What is missing"):
        assert heading in masked.out
        assert heading in whole
    assert "email: ***" in masked.out
    assert "@" not in masked.out
    assert re.search(r"email: \S+@\S+", whole)
    assert reading_desk.leadline("explain", "p-1", "--note", "--json").json["masked"] is True
    reading_desk.refused("explain", "p-1", "--note", "--line", code=2, said="leave out --at and --line")
