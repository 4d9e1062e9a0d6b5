"""Account facts: computed from all people of one account first, then facts of each of them (design 4.1)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from leadline.common.marks import Mark
from leadline.rules.model.conditions import Condition
from leadline.rules.model.sources import Field

AccountFactKind = Literal["count", "distinct", "sum", "most", "best_stage"]
PREFIX = "account."
"""How conditions and bands name an account fact: ``account.engaged people``."""
SOURCE = "account"
"""The source of facts that are derived from all people of an account."""


@dataclass(frozen=True, slots=True)
class AccountFact:
    """One fact of an account over the people of the account for whom ``when`` is true.

    ``count`` counts people, ``distinct`` the different known values of a field, ``sum`` and ``most`` add up or take
    the greatest of a score or a number field (``of``), ``best_stage`` is the furthest main-path stage. What a
    person's own scores get from account facts plays no part in ``when`` and ``of``: else one would cause the other.
    ``best_stage`` is for explanations: stages come from account facts, so none that rules read can be made of stages.
    """

    name: str
    kind: AccountFactKind
    of: str | None = None
    when: Condition | None = None
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)

    @property
    def read(self) -> bool:
        """Whether conditions and bands may read it."""
        return self.kind != "best_stage"

    def as_field(self) -> Field:
        """Return the number field that it is to the people of the account."""
        whole = self.kind in ("count", "distinct")
        return Field(PREFIX + self.name, "integer" if whole else "decimal", (), mark=self.mark)


OWNER_TEAM = "owner team"
"""The word of ``per`` that stands for the team which owns the stage in which a person waits."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """At most ``most`` people enter ``stage`` a day (of the book's zone), per ``per``; the best by ``best`` go first.

    ``per`` is a field (such as a rep's team), ``owner team`` (the team that owns the stage in which the person waits)
    or None (all together); ``best`` is a score, ties by the earliest qualification, then by the person's id.
    """

    stage: str
    most: int
    per: str | None = None
    best: str | None = None
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)
