"""Values that nobody changes, made in great numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

Made = TypeVar("Made")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def sealed(cls: type[Made]) -> type[Made]:
    """Return a dataclass with slots that is frozen for the type checker, and hashes, but not guarded at run time.

    Guarding it (``frozen=True``) makes it five times as long to make, and a person decided makes several.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
