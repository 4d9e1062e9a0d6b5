"""The site that `make docs` builds: no warning, no dead link, and reading it asks nobody else for anything."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

ROOT = Path(__file__).parent.parent.parent
LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}
PASSIVE = frozenset({"index", "search", "next", "prev", "canonical"})


class Page(HTMLParser):
    """One page's anchors, what it links to, and what a browser loads to show it."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag names, links to or loads."""
        given = dict(attrs)
        self.anchors |= {value for key in ("id", "name") if (value := given.get(key))}
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        target = given.get(LOADED.get(tag, ""))
        if target and given.get("rel") not in PASSIVE:
            self.loads.append(target)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    command = re.search(r"-m sphinx (.*) docs build/site", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert command
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *command[1].split(), "docs", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """Read every page of the site."""
    found: dict[Path, Page] = {}
    for path in site.rglob("*.html"):
        found[path] = Page()
        found[path].feed(path.read_text(encoding="utf-8"))
    return found


def test_every_page_is_there(site: Path, pages: dict[Path, Page]) -> None:
    """Each document of the repository's docs has its page, the drawing too."""
    for document in (ROOT / "docs").rglob("*.md"):
        place = document.relative_to(ROOT / "docs").with_suffix("")
        assert (site / (place.parent if place.name == "index" else place) / "index.html") in pages, document
    assert (site / "_images" / "architecture.svg").exists()


def test_every_link_within_the_site_leads_somewhere(pages: dict[Path, Page]) -> None:
    """A link finds its page and, with ``#``, a place on it."""
    broken = []
    for path, page in pages.items():
        for link in page.links:
            target, place = urldefrag(link)
            if re.match(r"[a-z]+:|//", target):
                continue
            file = (path.parent / unquote(target.split("?")[0])).resolve() if target else path
            file = file / "index.html" if file.is_dir() else file
            if not file.exists() or (place and file in pages and unquote(place) not in pages[file].anchors):
                broken.append((path.name, link))
    assert broken == []


def test_reading_asks_nobody_else(pages: dict[Path, Page]) -> None:
    """Scripts, styles and pictures come from the site itself."""
    loads = {load for page in pages.values() for load in page.loads}
    assert loads
    assert [load for load in sorted(loads) if re.match(r"(https?:)?//", load)] == []
