"""The query resources: ``query``, ``queryAll`` and the further pages of a locator."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from leadline.connectors.practice.salesforce.answers import Answer, ApiError
from leadline.connectors.practice.salesforce.soql.parsing import parse
from leadline.connectors.practice.salesforce.soql.running import BATCH, Outcome, run

if TYPE_CHECKING:
    from leadline.connectors.practice.salesforce.calling import Call

SMALLEST_BATCH: Final = 200
_LOCATOR: Final = re.compile(r"(?P<id>[0-9A-Za-z]{18})-(?P<at>\d+)")


def query(call: Call) -> Answer:
    """Answer ``query?q=``: a first page, deleted rows left out."""
    return _first(call, everything=False)


def query_all(call: Call) -> Answer:
    """Answer ``queryAll?q=``: deleted, merged and archived rows are shown."""
    return _first(call, everything=True)


def first_page(call: Call, outcome: Outcome, resource: str = "query") -> dict[str, Any]:
    """Return the first page of what was found; ``resource`` is where its further pages are asked for."""
    return _page(call, outcome, 0, None, resource)


def further(call: Call, locator: str, resource: str = "query") -> Answer:
    """Answer the page that ``nextRecordsUrl`` names. Raises ApiError INVALID_QUERY_LOCATOR."""
    match = _LOCATOR.fullmatch(locator)
    outcome = call.org.cursors.get(match["id"]) if match else None
    if match is None or outcome is None or int(match["at"]) > outcome.total:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return Answer(body=_page(call, outcome, int(match["at"]), match["id"], resource))


def _first(call: Call, *, everything: bool) -> Answer:
    text = call.params.get("q")
    if text is None:
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    outcome = run(call.org.store, parse(text), version=call.version, everything=everything)
    return Answer(body=first_page(call, outcome))


def _page(call: Call, outcome: Outcome, begin: int, locator: str | None, resource: str) -> dict[str, Any]:
    end = begin + _size(call)
    done = end >= len(outcome.records)
    page: dict[str, Any] = {"totalSize": outcome.total, "done": done}
    if not done:
        locator = locator or call.org.keep(outcome)
        page["nextRecordsUrl"] = f"/services/data/v{call.version}/{resource}/{locator}-{end}"
    page["records"] = [outcome.render(row) for row in outcome.records[begin:end]]
    return page


def _size(call: Call) -> int:
    """Return the rows of a page: the options' own, else what the header asks for within 200 and 2,000."""
    if call.org.options.page_size is not None:
        return call.org.options.page_size
    match = re.search(r"batchSize\s*=\s*(\d+)", call.headers.get("sforce-query-options", ""), re.IGNORECASE)
    return max(SMALLEST_BATCH, min(BATCH, int(match[1]))) if match else BATCH
