"""Checks of a book that reads well but may not do what its author means.

``check_book`` needs the book alone; ``check_against`` compares it with what the CRMs describe.
"""

from __future__ import annotations

from collections.abc import Mapping

from leadline.common.errors import Problem
from leadline.common.values import Crm, ObjectDescription
from leadline.rules.check.actions import check_actions, check_set_fields
from leadline.rules.check.allocation import check_allocation
from leadline.rules.check.caps import check_caps
from leadline.rules.check.circles import check_circles
from leadline.rules.check.lifecycle import check_lifecycle
from leadline.rules.check.limits import check_limits
from leadline.rules.check.money import check_money
from leadline.rules.check.reads import check_reads
from leadline.rules.check.scoring import check_scoring
from leadline.rules.check.slas import check_slas
from leadline.rules.check.sources import check_sources
from leadline.rules.check.writes import check_writes
from leadline.rules.model import Book


def check_book(book: Book) -> list[Problem]:
    """Return what is doubtful or wrong in a book, in file order; errors are what can never work."""
    problems = [
        *check_lifecycle(book),
        *check_circles(book),
        *check_scoring(book),
        *check_caps(book),
        *check_sources(book),
        *check_limits(book),
    ]
    problems += [*check_money(book), *check_actions(book), *check_allocation(book), *check_slas(book)]
    return sorted(dict.fromkeys(problems))


def check_against(book: Book, described: Mapping[Crm, Mapping[str, ObjectDescription]]) -> list[Problem]:
    """Return where a book and the CRMs disagree: fields, types, picklist values, permission to write.

    ``described`` holds, for each connected CRM, what its user may see of each object (by object name). A CRM that is
    absent there is not judged.
    """
    return sorted(
        dict.fromkeys(
            [*check_reads(book, described), *check_writes(book, described), *check_set_fields(book, described)]
        )
    )


__all__ = ["check_against", "check_book"]
