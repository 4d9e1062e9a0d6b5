"""What a run did, as frozen values for the command line and the demo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leadline.common.values import Crm
from leadline.sync.apply.report import ApplyReport
from leadline.sync.bounds import Bound
from leadline.sync.guards import GuardStop
from leadline.sync.plan.model import Plan
from leadline.sync.results import EvaluationResult, PullResult

Calls = Mapping[Crm, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class PulledResult:
    """One ``pull``. ``calls`` by CRM and purpose. Exit code 3 when a CRM could not be read."""

    pull: PullResult
    calls: Calls

    @property
    def exit_code(self) -> int:
        """0, or 3 when a CRM could not be read."""
        return 3 if self.pull.errors else 0


@dataclass(frozen=True, slots=True)
class PlannedResult:
    """One ``plan``: what was pulled, decided and would be written.

    ``stops`` are the guards that would stop it. ``kept`` says whether the evaluation was kept: under a book that is
    not active yet (adoption, an edited book) it is only tried out, and kept when the plan is applied. ``stock`` has
    the people by stage as evaluated.
    """

    pull: PullResult
    evaluation: EvaluationResult
    plan: Plan
    stops: tuple[GuardStop, ...]
    kept: bool
    stock: Mapping[str, int]
    calls: Calls


@dataclass(frozen=True, slots=True)
class AppliedResult:
    """One ``apply``. ``refresh`` is the pull before it; ``bounds`` are the fewest calls that could have done it."""

    plan: Plan
    report: ApplyReport
    refresh: PullResult | None
    calls: Calls
    bounds: Mapping[Crm, Bound]

    @property
    def exit_code(self) -> int:
        """The report's: 0 all verified, 3 a CRM refused or missed a value, 1 the plan was overtaken."""
        return self.report.exit_code


@dataclass(frozen=True, slots=True)
class SyncResult:
    """One ``sync``: pull, evaluate, plan, apply, read back.

    ``resumed`` is the report of an earlier plan that this run finished first. ``calls`` and ``bounds`` stand side
    by side: what was called, by CRM and purpose, and the fewest calls that could have done it.
    """

    pull: PullResult
    evaluation: EvaluationResult
    plan: Plan
    report: ApplyReport
    resumed: ApplyReport | None
    calls: Calls
    bounds: Mapping[Crm, Bound]

    @property
    def exit_code(self) -> int:
        """The worse of both reports' codes, 3 before 1."""
        return max(self.report.exit_code, self.resumed.exit_code if self.resumed else 0)
