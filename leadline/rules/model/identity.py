"""Which records are one person, where no CRM says it itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from leadline.common.marks import Mark
from leadline.rules.model.sources import FieldSource


@dataclass(frozen=True, slots=True)
class Identity:
    """How records are joined by e-mail address, after what the CRMs link, merge and convert; never by name.

    With ``plus_tags`` ``ignore`` an address is taken without what follows a plus sign. ``also`` are further fields
    with addresses of the same person. Addresses whose part before the @ is in ``never`` (folded) are shared by many
    and join nobody.
    """

    plus_tags: Literal["keep", "ignore"] = "keep"
    also: tuple[FieldSource, ...] = ()
    never: tuple[str, ...] = ()
    mark: Mark = field(default_factory=Mark, compare=False)
