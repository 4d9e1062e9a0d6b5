"""durable_rules as back end: equal to the oracle, asked once, and never a danger to the process."""

from __future__ import annotations

import subprocess
import sys
import threading
from itertools import product
from random import Random
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.common.errors import RefusedError
from leadline.rules.backends import durable
from leadline.rules.backends.durable import DurableBackEnd, durable_back_end
from leadline.rules.backends.oracle import Oracle
from leadline.rules.backends.vectors import PossibleMove, StageRules, Vector
from leadline.rules.deciding.lifecycle import Lifecycle
from leadline.rules.model import Book
from tests.rules.deciding.books import waterfall
from tests.rules.deciding.generated import generated_books

THREE_VALUED = ("c", "l")


def random_vector(rules: StageRules, random: Random, true: int = 2) -> Vector:
    """Return a vector whose conditions are often true; human moves are never unknown."""
    human = {move.when for move in rules.moves if move.kind == "human"}
    return tuple(
        random.choices([0, 1, 2], [2, true, 1])[0]
        if name.startswith(THREE_VALUED) and name not in human
        else random.randint(0, 1)
        for name in rules.signals
    )


def every_form(kind: Literal["listed", "main"], number: int, form: tuple[bool, bool, int, bool]) -> PossibleMove:
    """Return a move with or without required fields, maximum and capacity; cool-down: none, plain, with a lift."""
    require, remaining, wait, room = form
    return PossibleMove(
        kind,
        f"c{number}",
        f"r{number}" if require else None,
        f"m{number}" if remaining else None,
        f"w{number}" if wait else None,
        f"l{number}" if wait == 2 else None,
        f"g{number}" if room else None,
    )


FORMS = list(product([False, True], [False, True], [0, 1, 2], [False, True]))


@pytest.mark.parametrize("kind", ["listed", "main"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_move_in_every_vector(
    kind: Literal["listed", "main"], form: tuple[bool, bool, int, bool]
) -> None:
    """All vectors of one move of each form, with a disqualification and a human move before it."""
    rules = StageRules(
        "a", (PossibleMove("disqualify", "c0"), PossibleMove("human", "c1"), every_form(kind, 2, form))
    )
    values = [(0, 1, 2) if name.startswith(THREE_VALUED) and name != "c1" else (0, 1) for name in rules.signals]
    made, oracle = DurableBackEnd({"a": rules}), Oracle({"a": rules})
    for vector in product(*values):
        assert made.decide("a", vector) == oracle.decide("a", vector), vector


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(generated_books(), st.randoms(use_true_random=False))
def test_it_decides_like_the_oracle(book: Book, random: Random) -> None:
    """On generated books and vectors, each stage's move is the one that reading the rules gives."""
    rules = Lifecycle(book).rules
    made, oracle = DurableBackEnd(rules), Oracle(rules)
    for stage, found in rules.items():
        for _ in range(8):
            vector = random_vector(found, random)
            assert made.decide(stage, vector) == oracle.decide(stage, vector)


def test_the_most_ways_out_still_work_and_more_are_refused() -> None:
    """Counted when the book is compiled, with what to do."""
    moves = tuple(every_form("listed", n, FORMS[n % len(FORMS)]) for n in range(durable.MOST_MOVES + 1))
    rules = {"a": StageRules("a", moves[:-1])}
    made, oracle, random = DurableBackEnd(rules), Oracle(rules), Random(1)
    answers = set()
    for likely in (0.02, 0.1, 1):
        for _ in range(60):
            vector = random_vector(rules["a"], random, likely)  # type: ignore[arg-type]
            answers.add(made.decide("a", vector))
            assert made.decide("a", vector) == oracle.decide("a", vector)
    assert len(answers) > 10
    nothing: Vector = (0,) * len(rules["a"].signals)
    assert made.decide("a", nothing) is None
    with pytest.raises(RefusedError, match="stage `a` has 61 ways out"):
        DurableBackEnd({"a": StageRules("a", moves)})


def test_unknown_never_fires() -> None:
    """A vector in which no condition is true decides nothing, in any stage of the waterfall."""
    rules = Lifecycle(waterfall()).rules
    made, random = DurableBackEnd(rules), Random(2)
    for stage, found in rules.items():
        for _ in range(20):
            vector = random_vector(found, random)
            places = dict(zip(found.signals, vector, strict=True))
            whens = {move.when for move in found.moves}
            quiet = tuple(
                random.choice([0, 2]) if name in whens and not name.startswith("h") else value
                for name, value in places.items()
            )
            human = {move.when for move in found.moves if move.kind == "human"}
            quiet = tuple(0 if name in human else value for name, value in zip(found.signals, quiet, strict=True))
            assert made.decide(stage, quiet) is None


def test_each_vector_is_asked_once() -> None:
    """The answer is remembered, up to a bound, after which it starts to forget."""
    rules = Lifecycle(waterfall()).rules
    made = DurableBackEnd(rules)
    vector = (0,) * len(rules["mql"].signals)
    for _ in range(5):
        assert made.decide("mql", vector) is None
    assert made.asked == 1


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound it starts over; answers stay right."""
    monkeypatch.setattr(durable, "MOST_REMEMBERED", 10)
    rules = {"a": StageRules("a", tuple(every_form("main", n, (False, False, 0, False)) for n in range(5)))}
    made, oracle = DurableBackEnd(rules), Oracle(rules)
    vectors = list(product([0, 1], repeat=6))
    for vector in [*vectors, *vectors]:
        assert made.decide("a", vector) == oracle.decide("a", vector)
    assert made.asked > len(vectors)


def test_equal_rules_are_compiled_once() -> None:
    """Engines of one book share a back end; the least used ones are dropped."""
    rules = Lifecycle(waterfall()).rules
    assert durable_back_end(rules) is durable_back_end(Lifecycle(waterfall()).rules)
    first = durable_back_end(rules)
    for number in range(durable.MOST_BOOKS):
        durable_back_end({"a": StageRules(f"a{number}", ())})
    assert durable_back_end(rules) is not first


def test_an_error_in_an_action_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """durable_rules swallows it into its state; here it comes out, and the next decision is right."""
    rules = {"a": StageRules("a", (PossibleMove("main", "c0"),))}
    made = DurableBackEnd(rules)
    assert made.decide("a", (0, 0)) is None

    def refuse(self: list[int | None], value: int | None) -> None:
        raise ArithmeticError(f"no room for {value}")

    chosen = made._compiled["a"]._chosen
    broken = type("Broken", (list,), {"append": refuse})()
    monkeypatch.setattr(made._compiled["a"], "_chosen", broken)
    with pytest.raises(RuntimeError):
        made.decide("a", (0, 1))
    monkeypatch.setattr(made._compiled["a"], "_chosen", chosen)
    assert made.decide("a", (0, 1)) == 0


def test_it_never_looks_at_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is set while an action runs disturbs nothing, and no Python warns of how it is read."""

    class NoClock:
        def __getattr__(self, name: str) -> object:
            raise AssertionError("the wall clock was asked")

    monkeypatch.setattr("durable.engine.datetime", NoClock())
    rules = StageRules("s", (PossibleMove("main", "c0"),))
    back_end = DurableBackEnd({"s": rules})
    assert [back_end.decide("s", (0, truth)) for truth in (0, 1, 2)] == [None, 0, None]


def test_threads_share_a_back_end() -> None:
    """Two threads that ask for the same and for different vectors get the oracle's answers."""
    rules = {"a": StageRules("a", tuple(every_form("listed", n, (True, True, 2, True)) for n in range(6)))}
    made, oracle = DurableBackEnd(rules), Oracle(rules)
    wrong: list[Vector] = []

    def ask(seed: int) -> None:
        random = Random(seed)
        for _ in range(400):
            vector = random_vector(rules["a"], random)
            if made.decide("a", vector) != oracle.decide("a", vector):
                wrong.append(vector)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in (1, 2, 1, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def run_alone(script: str) -> str:
    """Run a script in an interpreter of its own, with warnings as errors, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


SCRIPT = """
from itertools import product
from leadline.rules.backends.durable import DurableBackEnd
from leadline.rules.backends.oracle import Oracle
from leadline.rules.backends.vectors import PossibleMove, StageRules
moves = tuple(PossibleMove("listed", f"c{n}", f"r{n}", None, f"w{n}", f"l{n}") for n in range(4))
rules = {"a": StageRules("a", moves)}
made, oracle = DurableBackEnd(rules), Oracle(rules)
vectors = [v for v in product((0, 1), repeat=17)][:: 61]
def check(every):
    for vector in vectors[:: every]:
        assert made.decide("a", vector) == oracle.decide("a", vector)
"""


def test_memory_stays_flat() -> None:
    """Thousands of decisions in one session: its state is deleted after each."""
    script = """
import resource
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
check(1)
before = peak()
for _ in range(4):
    made.forget()
    check(1)
unit = 1024 if __import__("sys").platform == "darwin" else 1
print(made.asked, (peak() - before) // unit)
"""
    asked, grown = map(int, run_alone(SCRIPT + script).split())
    assert asked > 10_000
    assert grown < 4_000


def test_no_thread_is_started_and_the_import_is_quiet() -> None:
    """No polling threads, which would steal actions; no warning, even on Python 3.12 and later."""
    script = """
import sys, threading
assert "durable" not in sys.modules
check(50)
assert "durable" in sys.modules
print(threading.active_count())
"""
    assert run_alone(SCRIPT + script).strip() == "1"


def test_a_forked_child_decides_too() -> None:
    """It compiles its own rulesets; parent and child go on with the right answers."""
    script = """
import os
check(50)
made.forget()
child = os.fork()
check(3)
made.forget()
check(7)
if child:
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
os._exit(0) if not child else None
"""
    assert run_alone(SCRIPT + script).strip() == "0"
