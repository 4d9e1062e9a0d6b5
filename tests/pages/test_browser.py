"""Every page that Leadline writes, over weeks at Acme, opened in a real browser: one world, one browser."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadline.cli import run
from leadline.connectors.practice.serving import start_practice
from leadline.terminal.templates import copy_template
from tests.pages.browsing import Browser, Scheme, browsing, found_browser
from tests.pages.looking import whole
from tests.pages.weeks import REPORTS, Weeks, made_pages, roomy


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """Every page, over a few weeks of forty people."""
    out = tmp_path_factory.mktemp("pages")
    book = out / "book"
    copy_template("acme", book)
    roomy(book)
    with (
        start_practice(people=40, seed=11, frozen=True) as practice,
        pytest.MonkeyPatch.context() as patch,
        contextlib.chdir(book),
    ):
        for name, value in practice.environment().items():
            patch.setenv(name, value)
        patch.setenv("LEADLINE_LANGUAGE", "en")
        yield made_pages(Weeks(book, practice, quietly), out, steps=2)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all pages."""
    if found_browser() is None and os.environ.get("CI") != "true":
        pytest.skip("needs chromium")
    with browsing() as started:
        yield started


def quietly(*arguments: str) -> None:
    """Run a command that must succeed, and hear nothing of it."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run([*arguments])
    assert code == 0, said.getvalue()


def test_pages_are_whole_and_hold_no_personal_data(pages: list[Path]) -> None:
    """Balanced, without script, link or form; no address of anybody but masked."""
    address = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
    for page in pages:
        text = page.read_text(encoding="utf-8")
        whole(text)
        assert not [one for one in address.findall(text) if "*" not in one], page.name


def test_what_the_command_line_says_of_pages(pages: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    """A page of a person is told as JSON, speaks Chinese, and a place that is no place is a mistake of usage."""
    assert run(["explain", "p-000003", "--html", "person.html", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["file"] == "person.html"
    assert 'lang="zh-CN"' in next(page for page in pages if page.stem == "person-zh").read_text(encoding="utf-8")
    assert run(["report", "lifecycle", "--html", "no/such/folder.html"]) == 2
    assert run(["report", "--json", "velocity"]) == 2
    capsys.readouterr()
    for name in REPORTS:
        assert run(["report", name, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["ok"]
        assert told["frontier"].startswith("2026-07-0")


def test_pages_ask_for_nothing_and_complain_of_nothing(browser: Browser, pages: list[Path]) -> None:
    """The file itself is the only thing that is asked for; the console stays empty; nothing scrolls sideways."""
    for page in pages:
        browser.open(page, 360, "light")
        assert browser.width() <= 360, page.name
        assert browser.complaints == []
        browser.open(page, 700, "light", "print")
        assert browser.width() <= 700, page.name
        assert browser.asked == {page.absolute().as_uri()}


@pytest.mark.parametrize(("scheme", "rules"), [("light", ()), ("dark", ("color-contrast",))])
def test_axe_finds_no_serious_fault(
    browser: Browser, pages: list[Path], scheme: Scheme, rules: tuple[str, ...]
) -> None:
    """No serious or critical fault of access in light; in dark, where only colours differ, none of contrast."""
    for page in pages:
        browser.open(page, 1100, scheme)
        assert browser.faults(*rules) == [], page.name


def test_the_browser_would_have_told(browser: Browser, tmp_path: Path) -> None:
    """A page with a fault of each kind is told of each: what the others found nothing of can be found."""
    bad = tmp_path / "bad.html"
    bad.write_text(
        '<html><body style="width:900px"><img src="http://127.0.0.1:9/none.png"><p style="color:#ccc">Pale</p>'
        "<script>console.error('oh')</script></body></html>",
        encoding="utf-8",
    )
    browser.open(bad, 360, "light")
    assert browser.width() > 360
    assert any("oh" in line for line in browser.complaints)
    assert "http://127.0.0.1:9/none.png" in browser.asked
    assert {fault.partition(":")[0] for fault in browser.faults()} >= {"image-alt", "color-contrast"}
