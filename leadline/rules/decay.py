"""Points that fade: how many are left after each step, exact and rounded once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from leadline.common.errors import RefusedError
from leadline.rules.model import Criterion

ZERO = Decimal(0)

MOST_DECAY_STEPS = 20_000
LONGEST_DECAY = timedelta(days=365 * 500)
"""A decay that needs more steps or more time to reach zero is refused: its end could not be found, or has no date."""


def decay_ladder(criterion: Criterion) -> tuple[Decimal, ...]:
    """Return the points after 0, 1, 2 ... steps, down to the first zero; ``by`` must be over 0.

    Raises RefusedError when that takes more than ``MOST_DECAY_STEPS`` steps or longer than ``LONGEST_DECAY``.
    """
    decay, points = criterion.decay, criterion.points
    assert decay is not None
    exponent = points.as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    kept = max(ZERO, 1 - decay.by).as_integer_ratio()
    numerator, denominator = points.as_integer_ratio()
    numerator *= 10**places
    ladder: list[Decimal] = []
    while not ladder or ladder[-1]:
        if len(ladder) > MOST_DECAY_STEPS or decay.every * len(ladder) > LONGEST_DECAY:
            raise RefusedError(
                f"criterion `{criterion.name}` decays too slowly; use a larger `by` with a longer `every`"
            )
        ladder.append(Decimal(_half_even(numerator, denominator)).scaleb(-places))
        numerator *= kept[0]
        denominator *= kept[1]
    return tuple(ladder)


def _half_even(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    doubled = rest * 2
    return whole + (doubled > denominator or (doubled == denominator and whole % 2 == 1))
