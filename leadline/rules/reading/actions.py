"""Actions: what entering a stage or the passing of a point of an SLA causes, each word with its own small parser."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from leadline.common.marks import Mark
from leadline.common.values import Crm
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.common.yamltree import Entry, MappingNode, Node, Scalar
from leadline.rules.model import Action, AddTo, AssignOwner, CreateTask, Notify, SetField, StageActions, WriteNote
from leadline.rules.model.actions import OWNER
from leadline.rules.nearest import nearest
from leadline.rules.reading.durations import duration
from leadline.rules.reading.fields import SOURCE
from leadline.rules.reading.names import Reading
from leadline.rules.reading.report import short

MOST_ACTIONS: Final = 20
"""Actions of one cause: far above any hand-off seen, and few enough to be decided by one small ruleset."""
NOTES: Final = ("hand-off",)
STAGE_KEYS: Final = ("do", "on_adoption")
TASK_KEYS: Final = ("to", "subject", "due", "urgent")
NOTIFY_KEYS: Final = ("to", "text")
ASSIGN_KEYS: Final = ("to", "rota", "next", "by", "account_owner_first")
MEMBER_KEYS: Final = ("hubspot_list", "salesforce_campaign", "status")
STATUS_KEYS: Final = ("campaign", "status")
PERSON_WORDS: Final = ("name", "stage", "previous", "why", "grade", "temperature", "pass")
"""Placeholders of every text besides the book's fields and scores."""

Parser = Callable[[Reading, Node], tuple[Action, ...]]


def read_on_enter(reading: Reading, node: Node) -> dict[str, StageActions]:
    """Return what entering each stage causes: the section ``on_enter``."""
    keys = reading.report.keys(node, reading.names.stages, "`on_enter`") or {}
    return {name: _stage(reading, entry) for name, entry in keys.items()}


def read_actions(reading: Reading, node: Node, place: str) -> tuple[Action, ...]:
    """Return the actions of a list, or of one mapping that stands for a list of one, in order.

    ``place`` names the list in messages. One item may say several actions (two lists to add to, two fields to set).
    """
    items = reading.report.items(node)
    if not items:
        reading.report.add(node.mark, f"{place}: the list of actions is empty", "name at least one", "empty-list")
    actions = tuple(action for item in items for action in _action(reading, item))
    if len(actions) > MOST_ACTIONS:
        message = f"{place} has {len(actions)} actions; at most {MOST_ACTIONS} are carried out at once"
        reading.report.add(node.mark, message, "leave some to a later stage", "too-many")
    return actions


def _stage(reading: Reading, entry: Entry) -> StageActions:
    place = f"`{short(entry.name)}` of `on_enter`"
    node, adopted = entry.value, False
    if isinstance(node, MappingNode) and any(item.name in STAGE_KEYS for item in node.entries):
        keys = reading.report.keys(node, STAGE_KEYS, place) or {}
        if "on_adoption" in keys:
            adopted = bool(reading.report.boolean(keys["on_adoption"].value, "`on_adoption`"))
        found = reading.report.required(keys, "do", node.mark, place)
        actions = read_actions(reading, found, place) if found is not None else ()
    else:
        actions = read_actions(reading, node, place)
    return StageActions(entry.name, actions, adopted, entry.key.mark)


def _action(reading: Reading, node: Node) -> tuple[Action, ...]:
    report = reading.report
    if not isinstance(node, MappingNode) or not node.entries:
        report.wrong(node, "an action is a mapping", "such as {task: owner} or {note: hand-off}")
        return ()
    if len(node.entries) > 1 and all(entry.name in ACTIONS for entry in node.entries):
        hint = "write one mapping each: [{...}, {...}]"
        report.add(node.entries[1].key.mark, "two actions in one mapping", hint, "two-actions")
        return ()
    for entry in (entry for entry in node.entries if entry.name not in ACTIONS):
        message = f"there is no action `{short(entry.name)}`"
        report.add(entry.key.mark, message, nearest(entry.name, ACTIONS), "unknown-key")
    known = (entry for entry in node.entries if entry.name in ACTIONS)
    return tuple(action for entry in known for action in ACTIONS[entry.name](reading, entry.value))


def _task(reading: Reading, node: Node) -> tuple[Action, ...]:
    report = reading.report
    if isinstance(node, Scalar):
        to = report.text(node, "`task`")
        return (CreateTask(to, mark=node.mark),) if to else ()
    keys = report.keys(node, TASK_KEYS, "`task`")
    if keys is None:
        return ()
    to = report.text(keys["to"].value, "`to`") if "to" in keys else OWNER
    subject = _text(reading, keys["subject"].value, "`subject`") if "subject" in keys else ""
    due = duration(report, keys["due"].value, "`due`") if "due" in keys else None
    urgent = report.boolean(keys["urgent"].value, "`urgent`") if "urgent" in keys else False
    return (CreateTask(to, subject or "", due, bool(urgent), node.mark),) if to else ()


def _notify(reading: Reading, node: Node) -> tuple[Action, ...]:
    report = reading.report
    if isinstance(node, Scalar):
        to = report.text(node, "`notify`")
        return (Notify(to, mark=node.mark),) if to else ()
    keys = report.keys(node, NOTIFY_KEYS, "`notify`")
    if keys is None:
        return ()
    to = report.text(keys["to"].value, "`to`") if "to" in keys else OWNER
    text = _text(reading, keys["text"].value, "`text`") if "text" in keys else ""
    return (Notify(to, text or "", node.mark),) if to else ()


def _assign(reading: Reading, node: Node) -> tuple[Action, ...]:
    report = reading.report
    if isinstance(node, Scalar):
        to = report.text(node, "`assign`")
        return (AssignOwner(to, mark=node.mark),) if to else ()
    keys = report.keys(node, ASSIGN_KEYS, "`assign`")
    if keys is None:
        return ()
    ways = [keys[word] for word in ("to", "rota", "next") if word in keys]
    if len(ways) > 1:
        message = f"`{ways[0].name}` and `{ways[1].name}` both say who becomes the owner"
        report.add(ways[1].key.mark, message, "keep one of the two", "two-actions")
        return ()
    first = report.boolean(keys["account_owner_first"].value, "`account_owner_first`") if _FIRST in keys else False
    to = report.text(keys["to"].value, "`to`") if "to" in keys else None
    named = keys.get("rota") or keys.get("next")
    rota = report.choice(named.value, reading.names.rotas, "`assign`: rotas") if named is not None else None
    by = report.choice(keys["by"].value, reading.names.fields, "`by`: fields") if "by" in keys else None
    if "by" in keys and named is None:
        report.add(keys["by"].key.mark, "`by` chooses the part of a rota, and there is none", "add `rota`", "assign")
    if not ways and not first:
        hint = "add `to`, `rota`, `next` or `account_owner_first: true`"
        report.add(node.mark, "`assign` does not say who becomes the owner", hint, "missing-key")
        return ()
    return (AssignOwner(to, rota, by, bool(first), node.mark),)


_FIRST: Final = "account_owner_first"


def _note(reading: Reading, node: Node) -> tuple[Action, ...]:
    template = reading.report.choice(node, NOTES, "`note`: templates")
    return (WriteNote(template, node.mark),) if template else ()


def _add_to(reading: Reading, node: Node) -> tuple[Action, ...]:
    return _membership(reading, node, "add_to", remove=False)


def _remove_from(reading: Reading, node: Node) -> tuple[Action, ...]:
    return _membership(reading, node, "remove_from", remove=True)


def _membership(reading: Reading, node: Node, word: str, *, remove: bool) -> tuple[Action, ...]:
    report = reading.report
    keys = report.keys(node, MEMBER_KEYS[:2] if remove else MEMBER_KEYS, f"`{word}`")
    if keys is None:
        return ()
    status = report.text(keys["status"].value, "`status`") if "status" in keys else None
    unknown = isinstance(node, MappingNode) and len(keys) < len(node.entries)
    if not unknown and "status" in keys and "salesforce_campaign" not in keys:
        hint = "add `salesforce_campaign`: lists of HubSpot have no status"
        report.add(keys["status"].key.mark, "`status` is of a campaign, and there is none", hint, "missing-key")
    if not unknown and not any(name in keys for name, _ in _MEMBERSHIPS):
        hint = "add `hubspot_list` or `salesforce_campaign`"
        report.add(node.mark, f"`{word}` does not say what", hint, "missing-key")
    return tuple(
        AddTo(crm, name, status if crm == "salesforce" else None, remove, keys[key].value.mark)
        for key, crm in _MEMBERSHIPS
        if key in keys
        for name in report.texts(keys[key].value, f"`{key}`")
    )


_MEMBERSHIPS: Final[tuple[tuple[str, Crm], ...]] = (
    ("hubspot_list", "hubspot"),
    ("salesforce_campaign", "salesforce"),
)


def _member_status(reading: Reading, node: Node) -> tuple[Action, ...]:
    report = reading.report
    keys = report.keys(node, STATUS_KEYS, "`member_status`")
    if keys is None:
        return ()
    read = [report.required(keys, name, node.mark, "`member_status`") for name in STATUS_KEYS]
    campaign, status = (report.text(item, "`member_status`") if item is not None else None for item in read)
    return (AddTo("salesforce", campaign, status, mark=node.mark),) if campaign and status else ()


def _set(reading: Reading, node: Node) -> tuple[Action, ...]:
    report = reading.report
    entries = report.entries(node, "`set`")
    if isinstance(node, MappingNode) and not node.entries:
        report.add(node.mark, "`set` names no field", "such as {set: {Lead.Rating: Hot}}", "missing-key")
    read = (_set_field(reading, entry) for entry in entries)
    return tuple(action for action in read if action is not None)


def _set_field(reading: Reading, entry: Entry) -> SetField | None:
    report, mark = reading.report, entry.key.mark
    match = SOURCE.fullmatch(entry.name)
    if match is None:
        hint = "write object.field, such as Lead.Rating"
        report.add(mark, f"`{short(entry.name)}` is no field of a CRM", hint, "source")
        return None
    crm = _CRM_OF.get(match[1])
    if crm is None:
        message = f"`{match[1]}` is no object of a person, so it cannot be set"
        report.add(mark, message, nearest(match[1], _CRM_OF), "unknown-name")
        return None
    if not isinstance(entry.value, Scalar):
        report.wrong(entry.value, f"`{short(entry.name)}` is set to one value")
        return None
    return SetField(crm, match[1], match[2], entry.value.value, mark)


_CRM_OF: Final[Mapping[str, Crm]] = {name: crm for crm, names in PERSON_OBJECTS.items() for name in names}


def _text(reading: Reading, node: Node, what: str) -> str | None:
    """Return a text whose placeholders all have a meaning."""
    text = reading.report.text(node, what)
    if text is None:
        return None
    for name in placeholders(text):
        known = (*PERSON_WORDS, *reading.names.fields, *reading.names.scores)
        if name not in known:
            _unknown(reading, node.mark, name, known)
    if "{" in _PLACEHOLDER.sub("", text) or "}" in _PLACEHOLDER.sub("", text):
        reading.report.add(node.mark, f"{what}: a brace stands alone", "write {name}", "placeholder")
    return text


def placeholders(text: str) -> tuple[str, ...]:
    """Return the names in braces, in order."""
    return tuple(_PLACEHOLDER.findall(text))


def _unknown(reading: Reading, mark: Mark, name: str, known: tuple[str, ...]) -> None:
    message = f"`{{{short(name)}}}` is no field, score or word that can be filled in"
    reading.report.add(mark, message, nearest(name, known), "placeholder")


_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")

ACTIONS: Final[Mapping[str, Parser]] = {
    "task": _task,
    "notify": _notify,
    "assign": _assign,
    "note": _note,
    "add_to": _add_to,
    "remove_from": _remove_from,
    "member_status": _member_status,
    "set": _set,
}
"""The words of actions, each with its parser."""
