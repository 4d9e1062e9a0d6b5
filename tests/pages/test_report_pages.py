"""The page of every report over nobody, and over stages, sources, reasons and owners that are called like scripts."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from leadline.pages.reports import report_page
from leadline.rules.model import Book
from leadline.rules.model.lifecycle import Stage
from leadline.sync.reports.flow import flow_of
from leadline.sync.reports.funnel import funnel_of
from leadline.sync.reports.lives import Basis, Life
from leadline.sync.reports.recycle import recycle_of
from leadline.sync.reports.rejections import rejections_of
from leadline.sync.reports.sources import sources_of
from leadline.sync.reports.velocity import velocity_of
from leadline.sync.slas.attribution import Attribution
from leadline.sync.slas.report import Risk, SlaReport
from leadline.sync.slas.summing import SlaLine
from leadline.terminal.reports.flow import told_flow
from leadline.terminal.reports.funnel import told_funnel
from leadline.terminal.reports.recycle import told_recycle
from leadline.terminal.reports.rejections import told_rejections
from leadline.terminal.reports.sheets import Told
from leadline.terminal.reports.sla import told_sla
from leadline.terminal.reports.sources import told_sources
from leadline.terminal.reports.velocity import told_velocity
from tests.pages.looking import whole
from tests.sync.reports.living import PATH, basis, day, life, turn

NASTY = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
REPORTS = ("funnel", "velocity", "sources", "recycle", "rejections", "lifecycle", "sla")


def made(name: str, stood: Basis, people: list[Life], owner: str = "") -> tuple[Told, Any]:
    """Return one report and how it is told."""
    book = SimpleNamespace(stages={stage: Stage(stage, "inventory") for stage in stood.stages}, transitions=())
    lines = tuple(SlaLine(by, owner, 1, 1, 0, 0, 9, 9, Attribution(rep=7)) for by in ("sla", "owner") if owner)
    risks = tuple(Risk("p-1", owner, owner, owner, day(1), 1, -1) for _ in range(bool(owner)))
    found: Any = {
        "funnel": lambda: funnel_of(stood, people, with_source=True),
        "velocity": lambda: velocity_of(stood, people),
        "sources": lambda: sources_of(stood, "source", people),
        "recycle": lambda: recycle_of(stood, people),
        "rejections": lambda: rejections_of(stood, {}, [(one, lambda _: owner) for one in people]),
        "lifecycle": lambda: flow_of(stood, cast(Book, book), people),
        "sla": lambda: SlaReport(None, stood, len(lines), lines, risks),
    }[name]()
    tell: Any = {
        "funnel": told_funnel, "velocity": told_velocity, "sources": told_sources, "recycle": told_recycle,
        "rejections": told_rejections, "lifecycle": told_flow, "sla": told_sla,
    }[name]  # fmt: skip
    return tell(found), found


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_over_nobody_is_a_page(name: str) -> None:
    """Before the first plan there is nothing to draw, and no fault."""
    page = whole(report_page(name, *made(name, basis(None), [])))
    assert "h1" in page.tags


@pytest.mark.parametrize("name", REPORTS)
def test_names_with_markup_stay_text(name: str) -> None:
    """Whatever is called like a script is shown as it is written, in tables and in charts."""
    stood = replace(basis(), stages=(NASTY, *PATH, "recycled" + NASTY), main_path=(NASTY, *PATH))
    moves = [turn(4, NASTY, "inquiry", since=1), turn(5, "inquiry", "recycled" + NASTY, NASTY, since=4, band=NASTY),
             turn(9, "recycled" + NASTY, NASTY, since=5)]  # fmt: skip
    person = life("a", NASTY, 9, *moves, entered={NASTY: 1, "inquiry": 4}, source=NASTY)
    page = whole(report_page(name, *made(name, stood, [person], NASTY)))
    assert any(NASTY in text for text in page.said)
    assert "svg" in page.tags
