"""From what a run tells on its way to the lines of its log, as docs/how-to/monitor.md names them."""

from __future__ import annotations

import time
from typing import assert_never

from leadline.common.errors import LeadlineError
from leadline.connectors.retrying import Retry
from leadline.sync.apply.report import ReadingBack, Retrying, Writing
from leadline.sync.cycle.events import CycleEvent, Ended, Evaluating, Planned, Pulled, Pulling
from leadline.sync.watching.log import Level, RunLog


class Teller:
    """Writes a run's events to its log, each phase with the milliseconds it took."""

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self._since = time.monotonic()

    def begun(self) -> None:
        """Say that a run begins; its number is known only when the CRMs have answered."""
        self._log.say("info", "run.started")

    def failed(self, error: LeadlineError) -> None:
        """Say what ended the run."""
        self._log.say("error", "run.failed", error=type(error).__name__, exit_code=error.exit_code, why=str(error))

    def retried(self, retry: Retry) -> None:
        """Say that a call is made again."""
        told = {**retry.call, "attempt": retry.attempt, "wait_milliseconds": round(1000 * retry.wait)}
        self._log.say("warning", "call.retried", **told, why=retry.why)

    def happened(self, event: CycleEvent) -> None:
        """Say what a run did."""
        match event:
            case Pulling():
                self._log.say("debug", "pull.page", stream=event.stream, rows=event.rows)
            case Pulled():
                self._pulled(event)
            case Evaluating():
                self._log.say("debug", "evaluate.started")
            case Planned():
                for stop in event.stops:
                    self._log.say("warning", "guard.stopped", guard=stop.guard, limit=stop.limit, found=stop.found)
                self._log.say("info", "plan.made", **dict(event.counts), milliseconds=self._lap())
            case Writing():
                self._log.say("debug", "write.page", crm=event.crm, records=event.done, of=event.total)
            case Retrying():
                self._log.say("warning", "write.retried", crm=event.crm, records=event.records, attempt=event.attempt)
            case ReadingBack():
                self._log.say("debug", "read_back.started", crm=event.crm, records=event.records)
            case Ended():
                level: Level = "info" if event.status == "done" else "warning"
                self._log.say(level, "run.ended", status=event.status, **dict(event.counts))
            case _:
                assert_never(event)

    def _pulled(self, event: Pulled) -> None:
        pulled = event.result
        self._log.bind(cycle=pulled.cycle, kind=event.kind)
        for crm, error in pulled.errors.items():
            self._log.say("error", "crm.failed", crm=crm, error=type(error).__name__, why=str(error))
        for warning in pulled.warnings:
            self._log.say("warning", "pull.warning", why=warning)
        self._log.say(
            "info",
            "pull.done",
            rows=dict(pulled.rows),
            news=dict(pulled.news),
            people=pulled.people,
            new_people=pulled.new_people,
            touched=pulled.touched,
            milliseconds=self._lap(),
        )

    def _lap(self) -> int:
        before, self._since = self._since, time.monotonic()
        return round(1000 * (self._since - before))
