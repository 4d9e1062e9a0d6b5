"""The how-to pages name what the template needs, and show a configuration that is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leadline.common.bookfiles import read_sources
from leadline.common.values import Crm
from leadline.connectors.settings import HubSpotSettings, SalesforceSettings
from leadline.rules.reading import read_book
from leadline.sync.config import load_config

ROOT = Path(__file__).parent.parent.parent
PAGES: dict[Crm, str] = {
    crm: (ROOT / "docs" / "how-to" / f"{crm}.md").read_text(encoding="utf-8") for crm in ("salesforce", "hubspot")
}
SECRETS = {"SALESFORCE_CLIENT_ID": "id", "SALESFORCE_CLIENT_SECRET": "secret", "HUBSPOT_TOKEN": "token"}


@pytest.mark.parametrize("crm", PAGES)
def test_the_configuration_is_read(crm: Crm, tmp_path: Path) -> None:
    """The block of the page is a whole configuration of that CRM."""
    block = re.search(r"^```yaml\n(.*?)^```$", PAGES[crm], re.MULTILINE | re.DOTALL)
    assert block
    (tmp_path / "leadline.yml").write_text(block[1], encoding="utf-8")
    assert load_config(tmp_path, SECRETS).crms == (crm,)


@pytest.mark.parametrize("crm", PAGES)
def test_every_field_that_the_template_writes_is_named(crm: Crm) -> None:
    """An admin who creates what the page lists has created all of it, and nothing else."""
    book = read_book(read_sources(ROOT / "examples" / "waterfall"))
    table = PAGES[crm].partition("## 2.")[2].partition("## 3.")[0]
    rows = " ".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    builtin = {"lifecyclestage"}
    assert set(re.findall(r"`(\w+)`", rows)) == set(book.write[crm].all_fields()) - builtin


@pytest.mark.parametrize("crm", PAGES)
def test_the_defaults_are_those_of_the_code(crm: Crm) -> None:
    """Each key of the table of settings is one, with that default."""
    settings = SalesforceSettings if crm == "salesforce" else HubSpotSettings
    rows = re.findall(r"^\| `(\w+)` \| ([^|`]+|`[^`]+`) \|", PAGES[crm].partition("## 3.")[2], re.MULTILINE)
    shown = {key: value.strip(" `") for key, value in rows if key in settings.model_fields}
    assert {"quota_share", "timeout", "patience"} <= set(shown)
    for key, value in shown.items():
        default = settings.model_fields[key].default
        assert value == (f"{default:g}" if isinstance(default, float) else str(default))


def test_the_promise_of_the_page_on_slas_is_read() -> None:
    """What the page writes is a part of a book, as it stands there."""
    page = (ROOT / "docs" / "how-to" / "slas.md").read_text(encoding="utf-8")
    block = re.search(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert block
    sources = dict(read_sources(ROOT / "examples" / "waterfall"))
    rota = b"rotas: {sdr: [marta.lindholm@acme.example]}\n"
    sources["rules.yml"] += b"\n" + rota + block[1].encode()
    sources["lists/time-off.csv"] = b"owner,from,until\n4711,2026-07-20,2026-07-24\n"
    sla = read_book(sources).slas["accept mql"]
    assert [rung.share * 100 for rung in sla.ladder] == [50, 100, 150, 200]
