"""Every relative link between the documents leads somewhere, down to the heading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
)
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
NAMED = re.compile(r"`((?:docs|examples|scripts|tests|leadline|benchmarks)/[\w./-]*\w(?:\.\w+|/)?)`")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_resolves(document: str) -> None:
    """A link to a file finds the file, and one with ``#`` a heading in it."""
    text = (ROOT / document).read_text(encoding="utf-8")
    assert not [target for target in links(text) if not resolves(ROOT / document, target)]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_is_named_exists(document: str) -> None:
    """A path of the repository in a document is there; ``docs/adr`` may tell of what is no more."""
    if document.startswith("docs/adr/"):
        return
    text = (ROOT / document).read_text(encoding="utf-8")
    assert not [path for path in NAMED.findall(text) if not (ROOT / path).exists()]


def test_a_broken_link_is_found() -> None:
    """The checker itself tells right from wrong."""
    page = ROOT / "docs" / "reference" / "rule-language.md"
    assert resolves(page, "../tutorial.md")
    assert resolves(page, "#passes")
    assert not resolves(page, "tutorial.md")
    assert not resolves(page, "../tutorial.md#no-such-heading")
    assert links("[a](b.md) `[c](d.md)` [e](https://example.org/)") == ["b.md"]


def links(text: str) -> list[str]:
    """Return the relative links outside code."""
    found = LINK.findall(CODE.sub("", text))
    return [target for target in found if "://" not in target and not target.startswith("mailto:")]


def resolves(document: Path, target: str) -> bool:
    """Tell whether a link of a document leads somewhere."""
    path, _, heading = target.partition("#")
    file = document.parent / path if path else document
    if not file.exists():
        return False
    return not heading or heading in [slug(title) for title in HEADING.findall(file.read_text(encoding="utf-8"))]


def slug(title: str) -> str:
    """Return a heading's anchor as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.replace("`", "").lower()).strip().replace(" ", "-")
