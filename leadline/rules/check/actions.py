"""Checks of actions: what `set` and `write` would fight over, what never happens, and what a CRM does not have."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.common.errors import Problem
from leadline.rules.causes import all_actions, every_action
from leadline.rules.check.finding import error, warning
from leadline.rules.check.reads import Described
from leadline.rules.check.vendors import options
from leadline.rules.model import AssignOwner, Book, SetField
from leadline.rules.nearest import nearest


def check_actions(book: Book) -> Iterator[Problem]:
    """Yield actions that can never happen, that undo each other, or that write what ``write`` writes."""
    for name, entered in book.on_enter.items():
        if not entered.on_adoption and book.stages[name].start and not _led_to(book, name):
            message = f"nobody enters `{name}` but by beginning there, so its actions never happen"
            yield warning(entered.mark, "no-effect", message, "add `on_adoption: true`, or name another stage")
    for actions in all_actions(book):
        owners = [action for action in actions if isinstance(action, AssignOwner)]
        if len(owners) > 1:
            message = "two owners are assigned, one after the other; the last one stays"
            yield warning(owners[1].mark, "no-effect", message, "keep one `assign`")
        for action in actions:
            if isinstance(action, SetField) and _written(book, action):
                message = f"`{action.object}.{action.field}` is among the fields that `write` keeps up to date"
                yield error(action.mark, "two-writers", message, "set another field")


def check_set_fields(book: Book, described: Described) -> Iterator[Problem]:
    """Yield fields set by actions that a CRM does not show, does not let its user write, or gives other values."""
    for action in every_action(book):
        if not isinstance(action, SetField) or action.crm not in described:
            continue
        shown = described[action.crm].get(action.object)
        field = shown.fields.get(action.field) if shown is not None else None
        where = f"{action.object}.{action.field}"
        if shown is None or field is None:
            hint = nearest(action.field, shown.fields if shown else (), few=0, cutoff=0.75)
            yield error(action.mark, "unknown-field", f"{action.crm} shows no field {where} to set", hint)
            continue
        if not field.updateable:
            yield error(action.mark, "read-only", f"{where} of {action.crm} is read-only for this user")
        offered = options(action.crm, field)
        if offered and action.value is not None and str(action.value) not in offered:
            message = f"{where} of {action.crm} has no value `{action.value}`"
            yield error(action.mark, "unknown-value", message, nearest(str(action.value), offered, few=6))


def _led_to(book: Book, stage: str) -> bool:
    return any(transition.target == stage for transition in book.transitions)


def _written(book: Book, action: SetField) -> bool:
    targets = book.write.get(action.crm)
    return targets is not None and action.field in targets.all_fields()
