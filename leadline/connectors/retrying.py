"""The one retry policy of all connectors. The clients' own hidden retries are off.

A call is tried again only after a TransientError, with growing, jittered waits inside one time budget. An
ExpiredError signs in again, once for a call, so a permanent 401 costs two sign-ins and no recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, TypeVar

import tenacity

from leadline.common.errors import CredentialsError, QuotaError, UnavailableError

FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 30.0
"""Seconds: where exponential waits begin and end; a server's Retry-After may be longer, up to the budget."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Retry:
    """One call that is made again after ``wait`` seconds, for the ``attempt``-th time. Nothing of it is a value.

    ``call`` says which: ``crm``, ``purpose`` and ``call``, a method and an address without ids and queries. ``why``
    are our own words.
    """

    call: Mapping[str, str]
    attempt: int
    wait: float
    why: str


_LISTENER: Final[ContextVar[Callable[[Retry], None]]] = ContextVar("leadline_retries", default=lambda _: None)


@contextmanager
def listening(listener: Callable[[Retry], None]) -> Iterator[None]:
    """Tell ``listener`` of every call that connectors used in this context make again."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


class TransientError(UnavailableError):
    """This attempt failed in a way that passes. ``retry_after`` is in seconds when the server said it."""

    def __init__(self, message: str, *, retry_after: float | None = None, quota: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.quota = quota


class ExpiredError(CredentialsError):
    """The session is no longer valid; signing in again may help."""


class Patience:
    """Calls with retries: at most ``budget`` seconds of trying for one call.

    ``renew`` signs in again, or is None where the credentials are all there is. ``sleep`` takes seconds.
    ``repeatable`` False is for calls that create: only an answer that says "too many calls" is tried again, because
    after any other failure nobody knows whether the call was carried out. ``last_call`` names the call that was made
    last, for who listens (see ``Retry.call``).
    """

    def __init__(
        self,
        budget: float,
        renew: Callable[[], None] | None = None,
        sleep: Callable[[float], None] = tenacity.nap.sleep,
        *,
        repeatable: bool = True,
        last_call: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._budget = budget
        self._renew = renew
        self._sleep = sleep
        self._repeatable = repeatable
        self._last_call = last_call

    def call(self, action: Callable[[], T]) -> T:
        """Return what ``action`` returns; raises UnavailableError or QuotaError when the budget is spent.

        ``action`` must be harmless to repeat: reads, and writes of absolute values. Else this is not ``repeatable``.
        """
        attempt = self._renewing(action)
        retrying = tenacity.Retrying(
            sleep=self._sleep,
            retry=tenacity.retry_if_exception(self._passes),
            wait=_wait,
            stop=self._is_over,
            before_sleep=self._tell,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except TransientError as error:
            tried = int(retrying.statistics.get("attempt_number", 1))
            text = f"{error} (tried {tried} times)" if tried > 1 else str(error)
            if error.quota:
                later = f"in {error.retry_after:g} s" if error.retry_after else "later"
                raise QuotaError(f"{text}: too many calls; try again {later}", error.retry_after) from error
            raise UnavailableError(f"{text}; try again later") from error

    def _passes(self, error: BaseException) -> bool:
        return isinstance(error, TransientError) and (self._repeatable or error.quota)

    def _renewing(self, action: Callable[[], T]) -> Callable[[], T]:
        renewed = self._renew is None

        def attempt() -> T:
            nonlocal renewed
            try:
                return action()
            except ExpiredError:
                if renewed or self._renew is None:
                    raise
                call = self._last_call()
                self._renew()
                renewed = True
                _LISTENER.get()(Retry(call, 2, 0.0, "the session had ended; signed in again"))
            return action()

        return attempt

    def _tell(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        wait = round(state.upcoming_sleep, 3)
        _LISTENER.get()(Retry(self._last_call(), state.attempt_number + 1, wait, str(error)))

    def _is_over(self, state: tenacity.RetryCallState) -> bool:
        """Stop when the next wait would end beyond the budget: a long Retry-After is told, not slept."""
        spent = max(state.idle_for, state.seconds_since_start or 0.0)
        return spent + state.upcoming_sleep > self._budget


_growing = tenacity.wait_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT) + tenacity.wait_random(0, FIRST_WAIT)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.retry_after if isinstance(error, TransientError) else None
    return max(_growing(state), asked or 0.0)
