"""One ruleset inside durable_rules, used so that it is exact and does not end the process.

durable_rules is exact when used carefully and ends the process when not; each precaution here answers a failure that
was reproduced (``docs/adr/0003``): rulesets are polled by no threads (``_run`` does nothing), one constant session
lives in each and is deleted after every question, never before an action ran in it (``_PRIME``), facts have short ids
of our own and hold small integers only, every rule is made of equalities that need a present key, an action never
raises, and definitions are counted before they are compiled and copied because registering changes them.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

_PRIME = {"prime": 1}
_SESSION = "0"


class Ruleset:
    """A compiled definition: rules by name, each with ``all`` (its tests) and ``run`` (its action)."""

    def __init__(self, name: str, definition: Mapping[str, Any]) -> None:
        primed = {"prime": {"all": [{"m": dict(_PRIME)}], "run": _nothing}}
        self._ruleset = _register(name, {**primed, **definition})
        self.ask([_PRIME])

    def ask(self, facts: Iterable[Mapping[str, int | str]]) -> None:
        """Assert facts one by one, run what they set off, and forget them. What an action raised is raised here."""
        try:
            for fact in facts:
                self._assert(fact)
        finally:
            self._ruleset.delete_state(_SESSION)

    def _assert(self, fact: Mapping[str, int | str]) -> None:
        outcome: list[Any] = []
        self._ruleset.do_actions(self._ruleset.assert_fact(dict(fact)), lambda *result: outcome.extend(result))
        error, state = outcome
        if error is not None:
            raise RuntimeError(f"durable_rules failed: {error}")
        if state is not None and "exception" in state:
            raise RuntimeError(f"durable_rules failed in an action: {state['exception']}")


def _register(name: str, definition: Mapping[str, Any]) -> Any:
    """Compile a definition; the package is imported only now, because most verbs decide nothing."""
    with warnings.catch_warnings():
        # Its import says DeprecationWarning on Python 3.12 and later: nothing that a user could act on.
        warnings.simplefilter("ignore", DeprecationWarning)
        from durable import engine

    # Its own clock is the wall's, in local time: a jump would count as an action that takes too long, and from
    # Python 3.12 on it warns at every action.
    engine._unix_now = time.monotonic

    class Host(engine.Host):  # type: ignore[misc]
        def _run(self) -> None:
            """Start no polling threads: they steal actions, and delete_state beside them crashes."""

    host = Host()
    host.register_rulesets({name: dict(definition)})
    return host.get_ruleset(name)


def _nothing(_: Any) -> None:
    """Be an action: a session may be deleted only after one ran in it."""
