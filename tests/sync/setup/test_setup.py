"""Setting up: made once, continued after a crash, and only what was made is taken back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from leadline.cli import run
from leadline.common.bookfiles import read_sources
from leadline.common.errors import UnavailableError
from leadline.connectors.installing import Part, PartKind
from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from leadline.sync.config import Config, load_config
from leadline.sync.doctor import run_doctor
from leadline.sync.setup import needed_parts, open_installers, ours, set_up, survey, take_back
from leadline.sync.store import Store, open_store
from leadline.terminal.templates import copy_template
from tests.sync.doctor.conftest import ACTIONS

USER = "leadline@practice.example"


@pytest.fixture(scope="module")
def practice() -> Iterator[Practice]:
    """CRMs without any field of Leadline's."""
    options = PracticeOptions(bare=True)
    with start_practice(organisation=generate(people=12, seed=7), options=options, frozen=True) as running:
        yield running


@pytest.fixture
def config(tmp_path: Path, practice: Practice) -> Config:
    """A book with actions, before those CRMs."""
    copy_template("waterfall", tmp_path / "book")
    rules = tmp_path / "book" / "rules.yml"
    rules.write_text(rules.read_text(encoding="utf-8") + ACTIONS, encoding="utf-8")
    return load_config(tmp_path / "book", practice.environment())


@pytest.fixture
def book(config: Config) -> Book:
    """The same, read."""
    return read_book(read_sources(config.rules_dir))


@pytest.fixture
def store(config: Config) -> Iterator[Store]:
    """Its state."""
    with open_store(config.state_url) as opened:
        yield opened


class Broken:
    """An installer whose process dies at its n-th creation: right before it (odd) or right after it (even)."""

    def __init__(self, inner: object, at: int) -> None:
        self.inner = inner
        self.left = at
        self.after = at % 2 == 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def make(self, parts: Sequence[Part]) -> Mapping[str, str]:
        """Make them, or break off."""
        self.left -= 1
        if self.left > 0:
            return self.inner.make(parts)  # type: ignore[attr-defined,no-any-return]
        if self.after:
            self.inner.make(parts)  # type: ignore[attr-defined]
        raise UnavailableError("broken off")


def test_broken_off_anywhere_a_setup_is_continued_and_taken_back(
    config: Config, book: Book, store: Store, practice: Practice
) -> None:
    """After a crash at any creation the next run ends with everything, made once; removal leaves nothing behind."""
    now = practice.clock.now
    parts = needed_parts(config, book, USER)
    with open_installers(config) as installers:
        for at in (24,):
            for crm, installer in installers.items():
                before = survey(store, installer, parts[crm])
                most = (len(installer.batches(installer.makeable(parts[crm]))) - 1) // 2 * 2
                with pytest.raises(UnavailableError):
                    list(set_up(store, Broken(installer, min(at, most)), parts[crm], now))  # type: ignore[arg-type]
                made = [step for step in set_up(store, installer, parts[crm], now) if step.standing == "made"]
                assert 0 < len(made) <= len(before)
                assert {step.standing for step in survey(store, installer, parts[crm])} == {"ours"}
                calls = getattr(practice, crm).calls.total
                assert not [one for one in set_up(store, installer, parts[crm], now) if one.standing == "made"]
                assert getattr(practice, crm).calls.total - calls <= 10
            assert run_doctor(config, book, now).ok
            for crm, installer in installers.items():
                assert len(list(take_back(store, installer))) == len(survey(store, installer, parts[crm]))
                assert {step.standing for step in survey(store, installer, parts[crm])} == {"missing"}
                assert ours(store, installer) == ()


def test_killed_at_every_creation_a_setup_ends_the_same(
    config: Config, book: Book, store: Store, practice: Practice
) -> None:
    """Killed at each creation in turn, before it or right after it: in the end everything is there, each once."""
    now = practice.clock.now
    parts = needed_parts(config, book, USER)
    with open_installers(config) as installers:
        for crm, installer in installers.items():
            wanted = survey(store, installer, parts[crm])
            batches = len(installer.batches(installer.makeable(parts[crm])))
            for run_ in range(2 * batches + 3):
                try:
                    list(set_up(store, Broken(installer, 1 + run_ % 2), parts[crm], now))  # type: ignore[arg-type]
                except UnavailableError:
                    continue
                break
            assert batches - 1 <= run_ <= 2 * batches + 1
            assert {step.standing for step in survey(store, installer, parts[crm])} == {"ours"}
            assert len(ours(store, installer)) == len(wanted)
            assert len(list(take_back(store, installer))) == len(wanted)
            assert {step.standing for step in survey(store, installer, parts[crm])} == {"missing"}


FORBIDDEN = [
    ({"missing_permissions": ("CustomizeApplication",)}, "Customize Application", 0),
    ({"missing_permissions": ("ManageProfilesPermissionsets",)}, "Manage Profiles and Permission Sets", 1),
    ({"missing_permissions": ("AssignPermissionSets",)}, "Assign Permission Sets", 1),
    ({"missing_permissions": ("ApiEnabled",)}, "API access", 0),
    ({"missing_scopes": ("crm.schemas.contacts.write",)}, "crm.schemas.contacts.write", 1),
    ({"missing_scopes": ("crm.schemas.contacts.read",)}, "crm.schemas.contacts.read", 1),
]


@pytest.mark.parametrize(("lacks", "right", "least"), FORBIDDEN, ids=lambda one: str(one)[:60])
def test_an_organisation_that_forbids_it_leaves_nothing_untold(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lacks: dict[str, tuple[str, ...]],
    right: str,
    least: int,
) -> None:
    """One sentence says what is refused, the list says what was made before, and that is taken back again."""
    options = PracticeOptions(bare=True, **lacks)  # type: ignore[arg-type]
    with start_practice(organisation=generate(people=3, seed=7), options=options, frozen=True) as running:
        copy_template("waterfall", tmp_path / "book")
        rules = tmp_path / "book" / "rules.yml"
        rules.write_text(rules.read_text(encoding="utf-8") + ACTIONS, encoding="utf-8")
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path / "book")
        assert run(["setup", "--apply", "--user", USER, "--json"]) == 3
        captured = capsys.readouterr()
        told = json.loads(captured.out)
        assert (told["ok"], told["changes"] >= least) == (False, True)
        assert told["error"] in captured.err
        assert right in told["error"]
        assert len(told["error"].splitlines()) == 1
        made = [part["part"] for part in told["parts"] if part["standing"] == "made"]
        assert len(made) == told["changes"]
        if lacks != {"missing_permissions": ("ApiEnabled",)}:
            assert run(["setup", "--remove"]) == 0
            listed = [line for line in capsys.readouterr().out.splitlines() if "would be removed" in line]
            assert len(listed) == len(made)
            assert all(any(part in line for line in listed) for part in made)


def test_what_was_there_before_is_not_taken_back(
    config: Config, book: Book, store: Store, practice: Practice
) -> None:
    """A field that an admin made by hand survives the removal, in both CRMs."""
    theirs: dict[str, tuple[PartKind, str, str]] = {
        "salesforce": ("field", "Lead", "Fit_Score__c"),
        "hubspot": ("field", "contact", "fit_score"),
    }
    parts = needed_parts(config, book)
    with open_installers(config) as installers:
        for crm, installer in installers.items():
            kind, owner, _ = theirs[crm]
            mine = [
                part
                for part in parts[crm]
                if part.kind == "group" or (part.kind, part.object, part.name) == theirs[crm]
            ]
            ids: dict[str, str] = {}
            for batch in installer.batches([part for part in mine if part.object == owner]):
                ids |= installer.make(batch)
            list(set_up(store, installer, parts[crm], practice.clock.now))
            list(take_back(store, installer))
            left = installer.existing(parts[crm])
            assert set(left) == set(ids)
            for key in reversed(list(ids)):
                installer.remove("group" if key.startswith("group") else kind, ids[key])
            assert installer.existing(parts[crm]) == {}


def test_no_crm_is_asked_while_a_transaction_is_open(config: Config, book: Book, store: Store) -> None:
    """Whose setup it was is asked of the CRM first: a slow answer must not hold the state."""

    class Watched(Broken):
        def organisation(self) -> str:
            assert store.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
            asked.append(self.inner.crm)  # type: ignore[attr-defined]
            return self.inner.organisation()  # type: ignore[attr-defined,no-any-return]

    asked: list[str] = []
    with open_installers(config) as installers:
        for crm, installer in installers.items():
            watched = Watched(installer, 0)
            survey(store, watched, needed_parts(config, book, USER)[crm])  # type: ignore[arg-type]
            assert ours(store, watched) == ()  # type: ignore[arg-type]
    assert asked == ["salesforce", "salesforce", "hubspot", "hubspot"]


def test_fields_on_further_pages_are_known_to_be_there(tmp_path: Path) -> None:
    """An organisation has more custom fields than one page of a Tooling query: none is made a second time."""
    options = PracticeOptions(bare=True, page_size=3)
    with start_practice(organisation=generate(people=2, seed=7), options=options, frozen=True) as practice:
        copy_template("waterfall", tmp_path / "book")
        config = load_config(tmp_path / "book", practice.environment())
        book = read_book(read_sources(config.rules_dir))
        with open_store(config.state_url) as store, open_installers(config) as installers:
            salesforce, parts = installers["salesforce"], needed_parts(config, book, USER)["salesforce"]
            assert sum(part.kind == "field" for part in parts) > 2 * options.page_size
            made = list(set_up(store, salesforce, parts, practice.clock.now))
            assert [step.standing for step in made] == ["made"] * len(parts)
            assert {step.standing for step in survey(store, salesforce, parts)} == {"ours"}


def test_properties_of_one_object_are_made_by_one_call(
    config: Config, book: Book, store: Store, practice: Practice
) -> None:
    """HubSpot is asked once for each group and once for all properties of an object."""
    parts = needed_parts(config, book)["hubspot"]
    objects = {part.object for part in parts if part.kind == "field"}
    assert len(parts) > 2 * len(objects)
    with open_installers(config) as installers:
        practice.hubspot.calls.clear()
        list(set_up(store, installers["hubspot"], parts, practice.clock.now))
        made = {call: count for call, count in practice.hubspot.calls.snapshot().items() if call.startswith("POST")}
        list(take_back(store, installers["hubspot"]))
    assert sum(count for call, count in made.items() if call.endswith("batch/create")) == len(objects)
    assert sum(made.values()) <= 2 * len(objects)


def test_the_verb_is_dry_unless_told(
    config: Config, practice: Practice, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --apply no CRM is written to; applied twice, the second time changes nothing."""
    for name, value in practice.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(config.rules_dir)

    def said(*arguments: str) -> dict[str, object]:
        assert run(["setup", *arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]

    dry = said()
    assert dry["changes"] == 0
    assert {part["standing"] for part in dry["parts"]} == {"missing"}  # type: ignore[attr-defined]
    assert said()["parts"] == dry["parts"]
    assert said("--apply")["changes"] == len(dry["parts"])  # type: ignore[arg-type]
    assert said("--apply")["changes"] == 0
    assert {part["standing"] for part in said("--remove")["parts"]} == {"ours"}  # type: ignore[attr-defined]
    assert said("--remove", "--apply")["changes"] == len(dry["parts"])  # type: ignore[arg-type]
    assert said()["parts"] == dry["parts"]


def test_the_folder_to_deploy_says_the_same(
    config: Config, book: Book, practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every field and right that --apply makes stands in well-formed files; a task's key is defined on Activity."""
    for name, value in practice.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(config.rules_dir)
    assert run(["setup", "--sfdx", str(tmp_path / "sf")]) == 0
    assert run(["setup", "--sfdx", str(tmp_path / "sf")]) == 2
    parts = needed_parts(config, book)["salesforce"]
    fields = {
        f"{path.parent.parent.name}.{path.name.split('.')[0]}" for path in (tmp_path / "sf").rglob("*.field-meta.xml")
    }
    assert fields == {
        f"{'Activity' if part.object == 'Task' else part.object}.{part.name}"
        for part in parts
        if part.kind == "field"
    }
    for path in (tmp_path / "sf").rglob("*.xml"):
        ElementTree.parse(path)
    package = (tmp_path / "sf" / "manifest" / "package.xml").read_text(encoding="utf-8")
    assert set(re.findall(r"<members>([^<]+)<", package)) == {*fields, "Leadline"}
    held = next((tmp_path / "sf").rglob("*.permissionset-meta.xml")).read_text(encoding="utf-8")
    assert "<field>Task.Leadline_Key__c</field>" in held
    assert "<name>EditTask</name>" in held
