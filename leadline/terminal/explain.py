"""How one person's explanation looks: the outcome, each score line by line, the ways out, and what changes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from leadline.common.canonical import decimal_text
from leadline.common.marks import Mark
from leadline.common.masking import mask_email
from leadline.common.messages import ENGLISH, Argument, Language, Message, told
from leadline.rules.deciding.trace import ConditionTrace, CriterionTrace, ScoreTrace, Trace, WayTrace
from leadline.sync.explaining import Explained, ExplainedAccount
from leadline.terminal.slas import sla_line
from leadline.terminal.tables import cell, table

if TYPE_CHECKING:
    from rich.console import Console

MOST_MATCHES = 4
ANSWERS = {True: "answer.true", False: "answer.false", None: "answer.unknown"}


def explained_data(explained: Explained, language: Language = ENGLISH) -> dict[str, Any]:
    """Return the explanation for machines: each sentence with its id, arguments and text in the language."""
    return {
        "ok": True,
        "person": explained.trace.person,
        "language": language.code,
        "line": explained_line(explained, language),
        **told(explained, language),
    }


def explained_line(explained: Explained, language: Language = ENGLISH) -> str:
    """Return the one line that a CRM's field shows, in the language."""
    return language.text(explained.trace.why)


def render_line(console: Console, line: str) -> None:
    """Print the one line."""
    console.print(mask_email(line), markup=False)


def render_explained(console: Console, explained: Explained, language: Language = ENGLISH) -> None:
    """Print where the person is known, the trace, and the decisions behind it."""
    page = _Page(console, language)
    evaluated = cell(explained.evaluated)
    if explained.tried:
        page.say("explain.tried")
    if explained.edited:
        page.say("explain.edited")
    if explained.trace.at < explained.evaluated:
        page.say("explain.earlier", at=cell(explained.trace.at), evaluated=evaluated)
    elif explained.trace.at > explained.evaluated:
        page.say("explain.later", evaluated=evaluated)
    page.trace(explained.trace)
    if explained.account is not None:
        _account(page, explained.account)
    if explained.records:
        page.say("explain.records", records=explained.records)
    else:
        page.say("explain.no_records")
    if explained.decisions:
        page.say("explain.decisions", decisions=explained.decisions)


def _account(page: _Page, account: ExplainedAccount) -> None:
    """Print what the account comes to; people stand there by their ids only."""
    if account.record is None:
        page.say("explain.account.alone", people=account.people)
    else:
        page.say("explain.account", account=account.record, people=account.people)
    for fact in account.facts:
        value = "none" if fact.value is None else cell(fact.value)
        if fact.people:
            page.say(
                "explain.account.fact",
                fact=fact.name,
                value=value,
                count=len(fact.people),
                of=fact.of,
                people=fact.people,
            )
        else:
            page.say("explain.account.nobody", fact=fact.name, value=value, of=fact.of)


class _Page:
    """One explanation on its way to the console, in one language.

    Texts of fields never stand in a trace; numbers and dates do, and are shown. What the book's author wrote
    (reasons, lists of values) may hold an address, so it is masked.
    """

    def __init__(self, console: Console, language: Language) -> None:
        self.console = console
        self.language = language

    def say(self, id: str, **arguments: Argument) -> None:
        self.console.print(self.text(Message(id, **arguments)), markup=False)

    def text(self, said: str) -> str:
        return mask_email(self.language.text(said))

    def table(self, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], right: tuple[int, ...] = ()) -> None:
        names = [self.text(Message(f"explain.{name}")) for name in columns]
        self.console.print(table(names, rows, right=right))

    def trace(self, trace: Trace) -> None:
        self._outcome(trace)
        for score in trace.scores:
            self._score(score)
        self._grid(trace)
        for sla in trace.slas:
            self.console.print(self.text(sla_line(sla)), markup=False)
        self._ways(trace)
        self._future(trace)

    def _outcome(self, trace: Trace) -> None:
        outcome = trace.outcome
        parts: list[Argument] = [
            Message("explain.stage", stage=outcome.stage, since=cell(outcome.since), number=outcome.pass_number)
        ]
        if outcome.cell:
            parts.append(Message("explain.grade", grade=outcome.cell))
        if outcome.temperature:
            parts.append(Message("explain.temperature", temperature=outcome.temperature))
        self.say("explain.person", person=trace.person, at=cell(trace.at), parts=tuple(parts))
        self.say("explain.why", why=trace.why)
        if outcome.disqualified:
            self.say("explain.disqualified", reasons=outcome.disqualified)
        if outcome.waits_for is not None:
            self.say("explain.waits_for", stage=outcome.waits_for, since=cell(outcome.waits_since))
        if trace.hold is not None:
            self._held(trace)
        if trace.livelock:
            self.say("explain.livelock")
        if trace.unreadable:
            self.say("explain.unreadable", fields=trace.unreadable)

    def _held(self, trace: Trace) -> None:
        assert trace.hold is not None
        if trace.hold.until is None:
            self.say("explain.held", at=cell(trace.hold.at))
        else:
            self.say("explain.held.until", at=cell(trace.hold.at), until=cell(trace.hold.until))

    def _score(self, score: ScoreTrace) -> None:
        value = score.value
        parts: list[Argument] = [value.value]
        if score.grade:
            parts.append(Message("explain.grade", grade=score.grade))
        if value.lowest != value.highest:
            parts.append(Message("explain.bounds", lowest=value.lowest, highest=value.highest))
        self.console.print()
        self.say("explain.score", score=score.name, parts=tuple(parts))
        speaking = [item for item in score.criteria if _points(item) != "0" or item.matches]
        rows = [(item.name, _points(item), self._because(item), _place(item.mark)) for item in speaking]
        silent = tuple(item.name for item in score.criteria if item not in speaking)
        if rows:
            self.table(("criterion", "points", "because", "line"), rows, (1,))
        if silent:
            self.say("explain.no_points", criteria=silent)
        for limit in score.limits:
            self.say("explain.limited", limit=limit)

    def _because(self, criterion: CriterionTrace) -> str:
        if criterion.matches:
            return self._matches(criterion)
        reason = criterion.reason or (criterion.condition.text if criterion.condition else "")
        origins = tuple(
            Message("explain.origin.of", field=fact.field, record=fact.record, at=cell(fact.at))
            if len(criterion.facts) > 1
            else Message("explain.origin", record=fact.record, at=cell(fact.at))
            for fact in criterion.facts
        )
        if origins:
            reason = Message("explain.from", reason=reason, origins=origins)
        if criterion.until is not None:
            reason = Message("explain.until", reason=reason, until=cell(criterion.until))
        return self.text(reason)

    def _matches(self, criterion: CriterionTrace) -> str:
        shown: list[Argument] = []
        for match in criterion.matches[-MOST_MATCHES:]:
            at, until = cell(match.at), cell(match.until)
            name = "explain.match" if match.until is None else "explain.match.until"
            shown.append(Message(name, activity=match.activity, at=at, points=match.points, until=until))
        more = len(criterion.matches) - len(shown)
        if more:
            return self.text(Message("explain.matches", shown=tuple(shown), count=more))
        return self.text(Message("reasons", items=tuple(shown)))

    def _grid(self, trace: Trace) -> None:
        grid = trace.grid
        if grid is None:
            return
        none = Message("none")
        self.console.print()
        self.say(
            "explain.grid",
            rows=grid.rows,
            columns=grid.columns,
            row=grid.row or none,
            column=grid.column or none,
            cell=grid.cell or none,
        )
        others = tuple(name for name in grid.possible if name != grid.cell)
        if others:
            self.say("explain.grid.open", others=others)

    def _ways(self, trace: Trace) -> None:
        self.console.print()
        if not trace.ways:
            self.say("explain.no_way", stage=trace.outcome.stage)
            return
        self.say("explain.ways")
        rows = [
            (way.target or "-", self._by(way), self._result(way), self._why_not(way), _place(way.mark))
            for way in trace.ways
        ]
        self.table(("to", "by", "result", "reason", "line"), rows)

    def _by(self, way: WayTrace) -> str:
        known = {"main path": "explain.main_path", "disqualified": "explain.by_disqualification"}
        return self.text(Message(known[way.by])) if way.by in known else way.by

    def _result(self, way: WayTrace) -> str:
        return self.text(Message(f"result.{way.result.replace(' ', '_')}"))

    def _why_not(self, way: WayTrace) -> str:
        parts = [self.text(way.reason)]
        if way.waits_until is not None:
            parts.append(self.text(Message("explain.waits", until=cell(way.waits_until))))
        if way.condition is not None and way.result in {"no", "undecided"}:
            # What is merely empty is named by the reason already.
            open_parts = [leaf for leaf in _obstacles(way.condition, wanted=True) if not _is_empty(leaf)]
            parts += [self._leaf(leaf) for leaf in open_parts[:MOST_MATCHES]]
        parts.append(self.text(way.hint))
        return self.text(Message("reasons", items=tuple(dict.fromkeys(part for part in parts if part))))

    def _leaf(self, leaf: ConditionTrace) -> str:
        arguments: dict[str, Argument] = {"test": leaf.text, "answer": Message(ANSWERS[leaf.answer])}
        if leaf.reason:
            return self.text(Message("explain.answer.seen", **arguments, seen=leaf.reason))
        return self.text(Message("explain.answer", **arguments))

    def _future(self, trace: Trace) -> None:
        self.console.print()
        if trace.next is None:
            self.say("explain.no_next")
        else:
            self.say("explain.next", at=cell(trace.next.at), changes=trace.next.changes)
        if trace.empty:
            self.say("explain.empty", fields=trace.empty)


def _obstacles(condition: ConditionTrace, *, wanted: bool) -> Iterator[ConditionTrace]:
    """Yield the tests that keep a condition from being as wanted; under `not` it is the other way round."""
    if condition.answer is wanted:
        return
    if not condition.parts:
        yield condition
    for part in condition.parts:
        yield from _obstacles(part, wanted=wanted is not (condition.text == "not"))


def _is_empty(leaf: ConditionTrace) -> bool:
    return isinstance(leaf.reason, Message) and leaf.reason.id == "seen.empty"


def _points(criterion: CriterionTrace) -> str:
    if criterion.lowest == criterion.highest:
        return decimal_text(criterion.points)
    return f"{decimal_text(criterion.points)} ({decimal_text(criterion.lowest)}..{decimal_text(criterion.highest)})"


def _place(mark: Mark) -> str:
    return f"{mark.file}:{mark.line}" if mark.line else ""
