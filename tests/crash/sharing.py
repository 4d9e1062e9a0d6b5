"""Trials side by side: each is one disturbed cycle in a world of its own, so they can be dealt out to processes."""

from __future__ import annotations

import gc
import os
import pickle
import random
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.crash.cycles import Tally

Trial = Callable[[Path, Tally, random.Random], None]
"""Disturbs one cycle in a directory, counts it in a tally; chance decides whatever is left open."""


def share(trials: Sequence[Trial], home: Path, name: str, workers: int) -> Tally:
    """Carry out every trial, in so many forked processes; the same ``name`` gives the same chance whoever does it."""
    tally = Tally()
    gc.collect()
    gc.freeze()  # else every fork copies all that the collector looks at: a fifth of the time
    pipes = [_deal(trials, home, name, number, workers) for number in range(workers)]
    for child, reading in pipes:
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        os.waitpid(child, 0)
        tally.add(pickle.loads(told))
    return tally


def _deal(trials: Sequence[Trial], home: Path, name: str, number: int, workers: int) -> tuple[int, int]:
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    os.close(reading)
    tally, own = Tally(), home / f"worker{number}"
    own.mkdir(exist_ok=True)
    try:
        for index in range(number, len(trials), workers):
            trials[index](own, tally, random.Random(f"{name} {index}"))
    except BaseException:  # noqa: BLE001 - told by the parent, as a broken promise
        tally.broken.append(f"{name}: {traceback.format_exc()}")
    with os.fdopen(writing, "wb") as pipe:
        pickle.dump(tally, pipe)
    os._exit(0)
