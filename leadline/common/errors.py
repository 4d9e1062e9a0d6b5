"""Errors, named by how to recover, each carrying the exit code the command line ends with.

Exit codes: 0 done, 1 the rules or a guard say no, 2 usage, 3 the outside world failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a file, placed so that an editor can jump to it.

    ``line`` and ``column`` count from 1; 0 means the whole file. ``hint`` is the nearest valid name or the
    next step, without a full stop. ``code`` is a short stable name of the kind of problem. A ``warning`` does not
    stop a book from being used.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    code: str = ""
    severity: Literal["error", "warning", "note"] = "error"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{where}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class LeadlineError(Exception):
    """Base of every expected failure: ``str(error)`` is one readable text that says what to do."""

    exit_code = 3


class RefusedError(LeadlineError):
    """The rules, a guard or a check say no; nothing was changed. Exit code 1."""

    exit_code = 1


class UsageError(LeadlineError):
    """The command, its configuration or one of its files is wrong; fix it and run again. Exit code 2."""

    exit_code = 2


class BookError(RefusedError):
    """A rule book that cannot be used: all of its problems at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class OutsideError(LeadlineError):
    """The outside world failed (a CRM, the network, a database). Exit code 3."""


class UnavailableError(OutsideError):
    """Transient: the other side is down, slow or overloaded. Waiting and running again may help."""


class QuotaError(OutsideError):
    """The CRM's call limit is used up. ``resume_after`` is in seconds when the CRM said it."""

    def __init__(self, message: str, resume_after: float | None = None) -> None:
        super().__init__(message)
        self.resume_after = resume_after


class CredentialsError(OutsideError):
    """The CRM refuses the credentials: a person must renew them."""


class PermissionMissingError(OutsideError):
    """The CRM user may not do this: an admin must grant it."""


class ContractError(OutsideError):
    """The other side answered something its documentation does not describe."""
