"""The stored English line of a decision as a message again, so that it can be said in another language.

A decision keeps its line in English only (``Outcome.why``), so that its bytes are the same for every reader. What the
line can say is known from the book: a condition's own words, or a text that the author wrote, which stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from leadline.common.messages import ENGLISH, Message, language_named
from leadline.rules.deciding.words import grade_text, joined, negated_text, test_text
from leadline.rules.model import All, Any, AtLeast, Book, Condition, GradeTest, Not
from leadline.rules.state import Outcome


def one_line(book: Book, outcome: Outcome) -> str:
    """Return why the person is in this stage, such as ``MQL: grade A1``, in the book's language.

    The line is stable between stage changes. Raises UsageError for a language that there is not.
    """
    language = language_named(book.language)
    return outcome.why if language == ENGLISH else language.text(why_message(book, outcome))


def why_message(book: Book, outcome: Outcome) -> Message:
    """Return ``outcome.why`` as a message whose English text is the same."""
    stage, _, reason = outcome.why.partition(": ")
    return Message("why", stage=stage, reason=_reason(book, outcome.stage, reason))


def _reason(book: Book, stage: str, reason: str) -> str:
    for known in _fixed():
        if known == reason:
            return known
    said: dict[str, Message] = {str(item): item for item in _possible(book, stage)}
    if reason in said:
        return said[reason]
    parts = reason.split("; ")
    if all(part in said for part in parts):
        return joined(said[part] for part in parts) or reason
    return reason


def _fixed() -> Iterator[Message]:
    for name in ("start", "adopted", "by_hand", "rules"):
        yield Message(f"why.{name}")


def _possible(book: Book, stage: str) -> Iterator[Message]:
    """Yield what the conditions that lead into a stage can give as their reason."""
    entered = book.stages.get(stage)
    conditions = [] if entered is None else [entered.enter]
    conditions += [item.when for item in book.transitions if item.target == stage]
    conditions += [item.stay for item in book.stages.values()]
    for condition in conditions:
        if condition is not None:
            yield from _reasons(condition)


def _reasons(condition: Condition) -> Iterator[Message]:
    if isinstance(condition, Not):
        yield negated_text(condition)
    elif isinstance(condition, All | Any | AtLeast):
        for part in condition.parts:
            yield from _reasons(part)
    elif isinstance(condition, GradeTest):
        yield from (grade_text(condition, name) for name in condition.names)
    else:
        yield test_text(condition)
