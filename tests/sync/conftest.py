"""Whatever a test of sync plans is planned twice: by what may have changed, and by comparing everybody."""

from __future__ import annotations

from typing import Any

import pytest

from leadline.sync.cycle import deciding
from leadline.sync.plan import Plan
from leadline.sync.plan.stored import StoredPlanSource
from leadline.sync.store.cycles import get_meta


@pytest.fixture(autouse=True)
def planned_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare each plan with the plan that looks at everybody, and remembers nothing."""
    once = deciding.build_plan

    def twice(source: StoredPlanSource, *given: Any) -> Plan:
        plan = once(source, *given)
        everybody = StoredPlanSource(source.connection, source.cycle, source.frontier)
        assert once(everybody, *given) == plan, f"compared since cycle {get_meta(source.connection, 'compared_in')}"
        return plan

    monkeypatch.setattr(deciding, "build_plan", twice)
