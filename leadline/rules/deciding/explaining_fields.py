"""Which record speaks for a field: where a value comes from and since when, without the value."""

from __future__ import annotations

from collections.abc import Iterable

from leadline.rules.deciding.fields import origin_of
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.trace import FieldTrace


def fields_trace(names: Iterable[str], moment: Moment) -> tuple[FieldTrace, ...]:
    """Return the known ones among these fields in order of their names, with the records that say so."""
    found = ((name, origin_of(moment.history.fields.get(name), moment.t)) for name in sorted(names))
    return tuple(FieldTrace(name, *origin) for name, origin in found if origin is not None)
