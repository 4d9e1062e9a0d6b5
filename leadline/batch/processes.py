"""Fresh processes that share the work of a command."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from importlib.abc import MetaPathFinder
from multiprocessing import get_context


def processes(workers: int) -> ProcessPoolExecutor:
    """Return so many processes at most, each started with its first work; what they run must be picklable."""
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_without_pandas)


class _NoPandas(MetaPathFinder):
    """Finds no pandas, be it there or not."""

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        """Leave every other module to the next finder. Raises ModuleNotFoundError for pandas."""
        del path, target
        if name == "pandas":
            raise ModuleNotFoundError(name, name=name)


def _without_pandas() -> None:
    """Let this process go without pandas, which pyarrow imports, if it is there, to ask what a list of ours is.

    That takes as long as half of all the rest, in each process.
    """
    sys.meta_path.insert(0, _NoPandas())
