"""Every HTML page over the practice CRMs, opened in Chromium and photographed: `make screenshots`, to be looked at.

Pages and pictures go to ``screenshots/``: at 1,100 and 360 pixels, light, and dark at 1,100.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from leadline.connectors.practice.serving import start_practice
from leadline.terminal.templates import copy_template

OUT = Path("screenshots").absolute()
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
)
LOOKS = (("wide", "1100,2200", ()), ("narrow", "360,3200", ()), ("dark", "1100,2200", ("--force-dark-mode",)))


def main() -> None:
    """Make the pages, then the pictures."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("screenshots need chromium: apt-get install chromium")
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    pages = list(_pages())
    for page in pages:
        for look, size, more in LOOKS:
            picture = OUT / f"{page.stem}-{look}.png"
            profile = f"--user-data-dir={OUT / 'profile'}"
            command = [browser, *QUIET, *more, profile, f"--window-size={size}", f"--screenshot={picture}"]
            subprocess.run([*command, page.as_uri()], check=True, capture_output=True, timeout=60)
    shutil.rmtree(OUT / "profile", ignore_errors=True)
    sys.stdout.write(f"{len(pages)} pages, {len(pages) * len(LOOKS)} pictures in {OUT}\n")


def _pages() -> Iterator[Path]:
    book = OUT / "book"
    copy_template("waterfall", book)
    with start_practice(people=500, seed=7, frozen=True) as practice:
        environment = {**os.environ, **practice.environment()}

        def run(*arguments: str) -> None:
            command = [sys.executable, "-m", "leadline", *arguments]
            subprocess.run(command, cwd=book, env=environment, check=True, capture_output=True, timeout=300)

        def page(name: str, *arguments: str) -> Path:
            run(*arguments, "--html", str(OUT / f"{name}.html"))
            return OUT / f"{name}.html"

        yield page("plan", "plan", "-o", "plan.json")
        run("apply", "plan.json")
        yield page("funnel", "report")
        yield page("person", "explain", "12")
        yield page("person-zh", "explain", "12", "--language", "zh-CN")
        yield page("backtest", "backtest", "--rules", ".", "--from", "2026-01-01", "--to", "2026-06-01")


if __name__ == "__main__":
    main()
