"""One headless Chromium for all pages: what it complains about, asks for, and how a page looks in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Page, sync_playwright

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
Scheme = Literal["light", "dark"]
LOOKS: Final[tuple[tuple[str, int, Scheme], ...]] = (
    ("wide", 1100, "light"), ("narrow", 360, "light"), ("dark", 1100, "dark"),
)  # fmt: skip
"""A name, the width of the window in pixels, and whether the reader's system is light or dark."""


@dataclass
class Browser:
    """A browser that remembers what pages ask for and complain of; ``page`` is the one that is open."""

    page: Page
    asked: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.asked.add(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, file: Path, width: int, scheme: Scheme, medium: Literal["screen", "print"] = "screen") -> None:
        """Open a page from its file, in a window of this width, on a system that is light or dark, or on paper."""
        self.asked.clear()
        self.complaints.clear()
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(media=medium, color_scheme=scheme)
        self.page.goto(file.absolute().as_uri())

    def width(self) -> int:
        """Return how wide the page is, in pixels: wider than its window is scrolled."""
        return int(self.page.evaluate("document.documentElement.scrollWidth"))

    def faults(self, *rules: str) -> list[str]:
        """Return what axe-core finds that is serious or critical, with the place; by these rules, or by all.

        Rows of a table beyond the fifth are left out: they are made like the first ones, and looking takes time.
        """
        self.page.evaluate("document.querySelectorAll('tbody tr:nth-child(n+6)').forEach(row => row.remove())")
        self.page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
        found: dict[str, Any] = self.page.evaluate(
            "rules => axe.run({resultTypes: ['violations'], ...(rules.length && {runOnly: rules})})", rules
        )
        return [
            f"{item['id']}: {node['target']}"
            for item in found["violations"]
            if item["impact"] in {"serious", "critical"}
            for node in item["nodes"]
        ]


def found_browser() -> str | None:
    """Return where a browser is; None where there is none."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


@contextmanager
def browsing() -> Iterator[Browser]:
    """Start the browser for as long as the context lasts."""
    browser = found_browser()
    if browser is None:
        raise SystemExit("pages are looked at in Chromium: apt-get install chromium")
    with sync_playwright() as play:
        # The sandbox needs rights that a container does not have; only our own files are opened.
        started = play.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        try:
            yield Browser(started.new_page())
        finally:
            started.close()
