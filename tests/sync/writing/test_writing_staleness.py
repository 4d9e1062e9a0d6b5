"""What still fits of a plan when the CRM has moved on, including halfway through two steps."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from leadline.common.values import Raw
from leadline.sync.apply.staleness import judge
from leadline.sync.journal import Entry
from leadline.sync.plan import build_plan
from leadline.sync.plan.rows import row_of
from leadline.sync.plan.write import grouped
from tests.sync.writing.writing_kit import READERS, SHOWN_HUBSPOT, People, a_book, a_person, an_outcome, hubspot


def two_steps() -> list[Entry]:
    """Return the entries of a move back in HubSpot with a score beside it: ids 0 (clear) and 1 (set)."""
    outcome = an_outcome("recycled", fit="7", previous="mql")
    plan = build_plan(People([a_person("p1", outcome, (hubspot(), SHOWN_HUBSPOT))]), a_book(), READERS)
    return [Entry(number, "planned", row_of(group)) for number, group in enumerate(grouped(plan.writes))]


@pytest.mark.parametrize(
    ("present", "verdicts"),
    [
        ({"lifecyclestage": "marketingqualifiedlead", "fit_score": "60"}, ["write", "write"]),
        ({"lifecyclestage": None, "fit_score": "60"}, ["there", "write"]),
        ({"lifecyclestage": "", "fit_score": 7}, ["there", "write"]),
        ({"lifecyclestage": "lead", "fit_score": "60"}, ["there", "write"]),
        ({"lifecyclestage": "lead", "fit_score": "7.0"}, ["there", "there"]),
        ({"lifecyclestage": "customer", "fit_score": "60"}, ["stale", "stale"]),
        ({"lifecyclestage": "marketingqualifiedlead", "fit_score": "61"}, ["stale", "stale"]),
        (None, ["gone", "gone"]),
    ],
)
def test_both_steps_are_judged_together(present: Mapping[str, Raw] | None, verdicts: list[str]) -> None:
    """A record is never written in half: one foreign change makes both steps stale; what is there is not repeated."""
    assert list(judge(two_steps(), present, "d-p1").values()) == verdicts


def test_a_person_decided_anew_is_stale() -> None:
    """A plan never writes an outcome that a later decision has replaced."""
    assert set(judge(two_steps(), SHOWN_HUBSPOT, "d-other").values()) == {"stale"}
