"""The limit by the hour over real runs: the journal knows what was written, the next hour has room again."""

from __future__ import annotations

import pytest

from leadline.sync.cycle import run_sync
from leadline.sync.guards import GuardError
from tests.sync.writing.rehearsal import Rehearsal


def test_the_next_hour_has_room_again(rehearsal: Rehearsal) -> None:
    """An adoption uses the hour up; a person's edit is put right only when it has passed."""
    rehearsal.edit("guards:\n", "guards:\n  per_hour: 10\n")
    rehearsal.adopt()
    lead = min(ref for ref in rehearsal.shown() if ref.object == "Lead")
    rehearsal.pass_time(minutes=5)
    rehearsal.by_hand(lead, {"Lifecycle_Reason__c": "because"})
    rehearsal.pass_time(minutes=5)
    with rehearsal.at_work() as (setting, writers):
        with pytest.raises(GuardError, match=r"guards\.per_hour: with \d+ records of the last hour"):
            run_sync(setting, writers)
        rehearsal.pass_time(hours=1)
        assert run_sync(setting, writers).report.counts == {"verified": 1}
