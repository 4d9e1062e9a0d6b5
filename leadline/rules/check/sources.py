"""Checks of where facts come from and where stages go: missing sources, value maps that cannot be read back."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.common.errors import Problem
from leadline.common.folding import fold
from leadline.rules.check.finding import all_conditions, deal_conditions, leaves, warning
from leadline.rules.model import ActivityTest, Book, FieldTest, Known, WriteTargets


def check_sources(book: Book) -> Iterator[Problem]:
    """Yield names that no CRM fills or no rule asks for, and stage values that stand for two stages."""
    connected = any(field.sources for field in book.sourced) or bool(book.write)
    if connected:
        yield from _without_source(book)
    yield from _unused(book)
    for targets in book.write.values():
        yield from _stage_values(book, targets)


def _without_source(book: Book) -> Iterator[Problem]:
    hint = "name where it lives; without, only `leadline evaluate` can fill it"
    for field in book.sourced:
        if not field.sources and field.table is None:
            yield warning(
                field.mark, "no-source", f"the field `{field.name}` has no source, so it is always unknown", hint
            )
    for activity in book.activities.values():
        if not activity.sources:
            yield warning(activity.mark, "no-source", f"the activity `{activity.name}` has no source", hint)


def _unused(book: Book) -> Iterator[Problem]:
    tests = [leaf for condition in all_conditions(book) for leaf in leaves(condition)]
    criteria = [criterion for score in book.scores.values() for criterion in score.criteria]
    fields = {leaf.field for leaf in tests if isinstance(leaf, FieldTest | Known)}
    fields |= {criterion.bands.field for criterion in criteria if criterion.bands is not None}
    fields |= {name for stage in book.stages.values() for name in stage.require}
    fields |= {field.table.by for field in book.fields.values() if field.table is not None}
    fields |= {fact.of for fact in book.accounts.values() if fact.of is not None}
    activities = {leaf.activity for leaf in tests if isinstance(leaf, ActivityTest)}
    fields |= {name for sla in book.slas.values() for name in (sla.owner, sla.calendar.by) if name is not None}
    activities |= {name for sla in book.slas.values() for name in sla.responses}
    activities |= {criterion.activity for criterion in criteria if criterion.activity is not None}
    # A report may still group people by a text, and people are joined by e-mail: only other types are surely unused.
    for field in book.fields.values():
        if field.name not in fields and field.type not in {"text", "list"}:
            yield warning(field.mark, "unused", f"no rule asks for the field `{field.name}`", "use it or remove it")
    asked = {
        leaf.field
        for condition in deal_conditions(book)
        for leaf in leaves(condition)
        if isinstance(leaf, FieldTest | Known)
    }
    asked |= {
        own for field in book.deals.fields.values() for own in (field.currency, field.table and field.table.by) if own
    }
    for field in book.deals.fields.values():
        if field.name not in asked:
            yield warning(field.mark, "unused", f"no rule asks deals for `{field.name}`", "use it or remove it")
    written = {name for targets in book.write.values() for name in targets.account}
    for fact in book.accounts.values():
        if fact.name in written:
            continue
        if fact.read and fact.as_field().name not in fields:
            message = f"no criterion or condition asks for the account fact `{fact.name}`"
            yield warning(fact.mark, "unused", message, "`leadline explain` tells it all the same")
    for activity in book.activities.values():
        if activity.name not in activities:
            message = f"no criterion or condition names the activity `{activity.name}`"
            yield warning(activity.mark, "unused", message, "it only counts as a sign of life")


def _stage_values(book: Book, targets: WriteTargets) -> Iterator[Problem]:
    if targets.stage is None:
        return
    meant: dict[str, list[str]] = {}
    for stage, value in targets.stage.values.items():
        if value is not None:
            meant.setdefault(fold(value), []).append(stage)
    for stages in (stages for stages in meant.values() if len(stages) > 1):
        value = targets.stage.values[stages[0]]
        message = f"`{value}` of {targets.crm} stands for {' and '.join(stages)}: which one cannot be read back"
        yield warning(targets.mark, "not-one-to-one", message, "give each stage its own value, or `unchanged`")
    unsaid = [stage for stage in book.stages if targets.stage.values.get(stage) is None]
    if len(unsaid) == len(book.stages):
        yield warning(
            targets.mark, "no-effect", f"no stage is ever written to `{targets.stage.field}` of {targets.crm}"
        )
