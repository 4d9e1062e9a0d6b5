"""What an answer must be like to be read: one of another shape is told, half of one never taken for all."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from leadline.common.errors import ContractError
from leadline.common.values import Crm, Raw

P = ParamSpec("P")
T = TypeVar("T")

NAMES: Final[Mapping[Crm, str]] = {"salesforce": "Salesforce", "hubspot": "HubSpot"}
"""What the vendors are called in messages."""


class Vendors(Protocol):
    """Whoever reads one vendor's answers."""

    @property
    def crm(self) -> Crm: ...


Mine = TypeVar("Mine", bound=Vendors)


def rows_in(answer: Any, crm: Crm, what: str, name: str) -> Sequence[Mapping[str, Any]]:
    """Return the list ``name`` in an answer to ``what``; raises ContractError for none, which is not an empty one."""
    rows = answer.get(name) if isinstance(answer, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ContractError(f"{NAMES[crm]} answered {what} without {name}, or with some that are no objects")
    return rows


def scalar(value: Any) -> Raw:
    """Return a field's value; compound values (addresses, lists) have no scalar form and are left empty."""
    return value if value is None or isinstance(value, bool | int | Decimal | str) else None


def understood(method: Callable[Concatenate[Mine, P], T]) -> Callable[Concatenate[Mine, P], T]:
    """Let a method of a connector raise ContractError where an answer has not the shape that it reads."""

    @wraps(method)
    def read(self: Mine, /, *given: P.args, **named: P.kwargs) -> T:
        with _understood(self.crm):
            return method(self, *given, **named)

    return read


def understood_pages(
    method: Callable[Concatenate[Mine, P], Iterator[T]],
) -> Callable[Concatenate[Mine, P], Generator[T, None, None]]:
    """As ``understood``, for a method that yields pages; what their reader raises is the reader's own."""

    @wraps(method)
    def read(self: Mine, /, *given: P.args, **named: P.kwargs) -> Generator[T, None, None]:
        with _understood(self.crm):
            yield from method(self, *given, **named)

    return read


@contextmanager
def _understood(crm: Crm) -> Iterator[None]:
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # Where it was read tells what was unforeseen; the error's own text may hold a value.
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise ContractError(
            f"{NAMES[crm]} gave an answer of an unforeseen shape "
            f"({type(error).__name__} at {Path(place.filename).name}:{place.lineno})"
        ) from error
