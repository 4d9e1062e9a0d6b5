"""``updated`` and ``deleted``."""

from __future__ import annotations

import pytest

from tests.connectors.practice.salesforce.site import Site, lead

JUNE = {"start": "2026-06-05T00:00:00+00:00", "end": "2026-06-30T00:00:00Z"}


def test_updated_lists_what_changed(library: Site) -> None:
    """Ids changed in [start, end) without the deleted ones, and how far the answer reaches."""
    answer = library.call("GET", "/sobjects/Lead/updated", params=JUNE)
    assert answer.json() == {"ids": [lead("p3")], "latestDateCovered": "2026-06-30T00:00:00.000+0000"}
    late = {"start": "2026-06-30T00:00:00Z", "end": "2026-07-09T00:00:00Z"}
    answer = library.call("GET", "/sobjects/Lead/updated", params=late).json()
    assert answer["ids"] == [lead("p6")]
    assert answer["latestDateCovered"] == "2026-06-30T16:00:01.000+0000"


def test_deleted_lists_what_is_gone(library: Site) -> None:
    """Deleted and merged leads with the instant."""
    span = {"start": "2026-06-16T00:00:00Z", "end": "2026-06-30T00:00:00Z"}
    answer = library.call("GET", "/sobjects/Lead/deleted", params=span).json()
    assert answer["deletedRecords"] == [
        {"id": lead("p4"), "deletedDate": "2026-06-26T16:00:00.000+0000"},
        {"id": lead("p5"), "deletedDate": "2026-06-27T16:00:00.000+0000"},
    ]


@pytest.mark.parametrize(
    ("what", "span"),
    [
        ("updated", {"start": "2026-05-01T00:00:00Z", "end": "2026-06-30T00:00:00Z"}),
        ("deleted", {"start": "2026-06-14T00:00:00Z", "end": "2026-06-30T00:00:00Z"}),
        ("updated", {"start": "2026-06-20T00:00:00Z", "end": "2026-06-20T00:00:30Z"}),
        ("updated", {"start": "2026-06-20T00:00:00Z", "end": "2026-06-19T00:00:00Z"}),
        ("updated", {"start": "nonsense", "end": "2026-06-19T00:00:00Z"}),
        ("updated", {"start": "2026-06-19T00:00:00Z"}),
    ],
)
def test_spans_have_limits(library: Site, what: str, span: dict[str, str]) -> None:
    """30 days back for updated, 15 for deleted, at least a minute long, and readable."""
    answer = library.call("GET", f"/sobjects/Lead/{what}", params=span)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_REPLICATION_DATE")
