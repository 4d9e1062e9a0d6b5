"""Every HTML page over weeks of life on the practice CRMs, photographed in Chromium to be looked at.

Pages and pictures go to ``screenshots/``: at 1,100 pixels light and dark, at 360, and as they are printed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from leadline.connectors.practice.serving import start_practice
from leadline.terminal.templates import copy_template
from tests.pages.browsing import LOOKS, Browser, browsing
from tests.pages.weeks import Weeks, made_pages, roomy

OUT = Path("screenshots").absolute()


def main() -> None:
    """Make the pages, then the pictures."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    pages = list(_pages())
    with browsing() as browser:
        for page in pages:
            _shoot(browser, page)
    sys.stdout.write(f"{len(pages)} pages, {len(pages) * (len(LOOKS) + 1)} pictures in {OUT}\n")


def _pages() -> list[Path]:
    book = OUT / "book"
    copy_template("acme", book)
    roomy(book)
    with start_practice(people=300, seed=7, frozen=True) as practice:
        environment = {**os.environ, **practice.environment()}
        os.environ.update(practice.environment())

        def run(*arguments: str) -> None:
            command = [sys.executable, "-m", "leadline", *arguments]
            subprocess.run(command, cwd=book, env=environment, check=True, capture_output=True, timeout=300)

        return made_pages(Weeks(book, practice, run), OUT, steps=12)


def _shoot(browser: Browser, page: Path) -> None:
    for name, width, scheme in LOOKS:
        browser.open(page, width, scheme)
        browser.page.screenshot(path=OUT / f"{page.stem}-{name}.png", full_page=True)
    browser.page.pdf(path=OUT / f"{page.stem}.pdf", format="A4")


if __name__ == "__main__":
    main()
