"""Pages of people and of the funnel: whole, escaped, without a script, and opened in a real browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.cli.desk import Desk
from tests.pages.looking import whole

BROWSER = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
    *("--enable-logging=stderr", "--v=0"),
)


def test_pages_of_real_people(desk: Desk) -> None:
    """A person and the funnel of an adopted organisation, in both languages; personal data stays out."""
    desk.adopt()
    told = desk.leadline("export", "p-000003", "-o", "whole.json").code
    assert told == 0
    emails = set(re.findall(r"[\w.+-]+@[\w.-]+", Path("whole.json").read_text(encoding="utf-8")))
    assert desk.leadline("explain", "p-000003", "--html", "person.html", "--json").json["file"] == "person.html"
    assert desk.leadline("explain", "p-000003", "--language", "zh", "--html", "zh.html").code == 0
    assert desk.leadline("report", "--html", "funnel.html").code == 0
    for name in ("person.html", "zh.html", "funnel.html"):
        text = Path(name).read_text(encoding="utf-8")
        page = whole(text)
        assert "svg" in page.tags
        assert not any(email in text for email in emails)
    assert 'lang="zh-CN"' in Path("zh.html").read_text(encoding="utf-8")
    opened(Path("person.html"))
    opened(Path("funnel.html"))
    assert desk.leadline("explain", "3", "--html", "no/such/folder.html").code == 2


def opened(page: Path) -> None:
    """Open a page in a real browser at 360 pixels: it has no complaint and shows what is in the file."""
    browser = next((found for name in BROWSER if (found := shutil.which(name))), None)
    if browser is None and os.environ.get("CI") != "true":
        return
    assert browser is not None, "CI needs chromium"
    profile = page.parent / "profile"
    command = [browser, *QUIET, f"--user-data-dir={profile.absolute()}", "--window-size=360,2000", "--dump-dom"]
    done = subprocess.run(
        [*command, page.absolute().as_uri()], capture_output=True, text=True, check=True, timeout=60
    )
    assert "CONSOLE" not in done.stderr
    assert "<svg" in done.stdout
    assert "What changes next" in done.stdout or "Stock: who is where now" in done.stdout
