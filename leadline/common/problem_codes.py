"""Every kind of problem that a rule book can have: the code's stable name and what it means.

``Problem.code`` is one of these; tools outside (editors, code scanning) group and explain problems by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CODES: Final[Mapping[str, str]] = {
    # the files
    "no-book": "There is no rule book where one was looked for.",
    "too-large": "A file, or the number of files or values, is larger than what is read.",
    "unreadable": "A file cannot be read from disk.",
    "not-utf8": "A file is not text in UTF-8.",
    "control-character": "A character stands here that no text file should hold.",
    # YAML
    "yaml-syntax": "This is not YAML.",
    "yaml-empty": "The file holds nothing.",
    "yaml-alias": "Anchors and aliases are not read.",
    "yaml-tag": "Tags are not read.",
    "yaml-depth": "The file is nested too deep.",
    "yaml-documents": "A file holds one YAML document only.",
    "yaml-number": "A number has more digits than are read exactly.",
    "yaml-key": "This cannot be a key.",
    "yaml-duplicate": "A key stands twice in one mapping.",
    "include": "A file cannot be included here.",
    # structure
    "version": "The book is written for another version of the rule language.",
    "unsupported": "The rule language knows this, but this version of Leadline does not read it yet.",
    "unknown-key": "The rule language has no such key here.",
    "missing-key": "A key that is needed here is missing.",
    "wrong-type": "The value is of another kind than what is needed here.",
    "out-of-range": "The value is too small or too large.",
    "empty-list": "A list is empty.",
    "duration": "This length of time cannot be used here.",
    "book": "The rule book says something that cannot be read.",
    # names
    "unknown-name": "Something is named that the book does not define.",
    "unknown-grade": "A grade, cell or temperature is named that the book does not define.",
    "bad-name": "This cannot be a name.",
    "shadowing": "A name is a word of the rule language, or is used for two things.",
    "twice": "The same thing stands here twice.",
    # sections
    "source": "This is no field of a CRM.",
    "two-sources": "A field comes from a table and from a CRM.",
    "prefer": "A field prefers a CRM from which it does not come.",
    "values": "A CRM's value stands for two values of the book.",
    "renamed-value": "A CRM's own spelling is used that the book has renamed.",
    "list": "A list file or table cannot be used.",
    "activity-kind": "A source of an activity does not name one kind of activity.",
    "wrong-place": "This cannot be asked here.",
    "two-conditions": "Two conditions stand in one mapping.",
    "criterion": "A criterion does not say once when it counts.",
    "renamed": "An old name of a stage cannot be one.",
    "currency": "An amount, its currency and the rates do not fit together.",
    "pattern": "A pattern cannot be read.",
    "two-actions": "Two actions stand where one is meant.",
    "assign": "Who becomes the owner is not clear.",
    "placeholder": "A text has a gap that nothing fills.",
    "account-fact": "An account fact does not say once what it is made of.",
    "account-circle": "An account fact would be its own cause.",
    "bands": "Points by band are not readable.",
    "grades": "Two grades begin at the same points.",
    "grid": "The grid or the temperature does not fit the scores' grades.",
    "start": "The first stage is not clear.",
    "main-path": "The main path is not clear.",
    "path": "A path has no effect as it stands.",
    "calendar": "A calendar's days or hours do not fit together.",
    "sla": "An SLA does not say once how it runs.",
    # tests
    "instant": "This is no instant, day or length of time.",
    # doubtful or impossible
    "band-overlap": "Two bands overlap.",
    "band-gap": "Values between two bands give no points.",
    "grade-gap": "A score can be too low for any grade.",
    "temperature-gap": "A cell of the grid has no temperature.",
    "unreachable-grade": "No score reaches this grade.",
    "always-true": "This is always true.",
    "never-true": "This is never true.",
    "useless-cap": "A cap swallows points.",
    "no-effect": "This changes nothing.",
    "two-writers": "Two parts of the book write the same field.",
    "no-rate": "No rate is known for a currency.",
    "unused": "No rule asks for this.",
    "no-source": "Nothing fills this.",
    "not-one-to-one": "A CRM's value stands for two stages, so it cannot be read back.",
    "never-fires": "A path is never taken.",
    "unreachable": "No path leads to a stage.",
    "no-way-out": "Nothing leads out of a stage.",
    "trapped-deal": "A detour keeps people whose deal opens or is won.",
    "endless": "Two stages lead to each other on the same condition.",
    "sla-calendar": "An SLA asks whose calendar counts, and no calendar says so.",
    "sla-stage": "An SLA runs in a stage of another kind.",
    "sla-end": "An SLA waits for a stage that cannot follow.",
    "sla-never": "A calendar never opens long enough for a target.",
    "too-many": "There is more than can be decided.",
    # against the CRMs
    "unknown-object": "A CRM does not show this object to its user.",
    "unknown-field": "A CRM does not show this field to its user.",
    "unknown-value": "A CRM does not offer this value.",
    "type-clash": "A CRM's field is of another type.",
    "empty-field": "A field that rules ask for is empty in many records.",
    "not-supplied": "A CRM does not supply these activities.",
    "read-only": "A CRM does not let its user write this field.",
}


def meaning(code: str) -> str:
    """Return what a code means; one that is not listed is a problem of the book."""
    return CODES.get(code, CODES["book"])
