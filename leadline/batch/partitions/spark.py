"""Partitions on Apache Spark: the numbers of partitions go through ``mapInArrow``, rows are read where they lie.

Spark moves no rows: each task reads its partition's files and writes its outcomes beside them, under a name of their
own and whole or not at all, so a task that Spark runs twice changes nothing.
"""

from __future__ import annotations

import os
import pickle
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import pyarrow

from leadline.batch.partitions.task import Asked, Done, Task
from leadline.common.errors import OutsideError, UsageError

_SCHEMA: Final = pyarrow.schema([("number", pyarrow.int64()), ("done", pyarrow.binary())])
_LOCAL: Final = re.compile(r"local(\[.*\])?")
Item = TypeVar("Item")
Result = TypeVar("Result")
QUIET: Final = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "FATAL",
}


class OnSpark:
    """A ``Runner`` on a master such as ``local[2]`` or ``spark://host:7077``. Use as a context.

    A session that this process has already is used, and left open. ``shared`` is a folder that every machine sees at
    the same path; only a local master does without. Raises UsageError where PySpark is not installed or the folder is
    missing, OutsideError where there is no Java or Spark fails.
    """

    def __init__(self, master: str, shared: Path | None) -> None:
        if shared is None and not _LOCAL.fullmatch(master):
            raise UsageError(
                f"--master {master} needs --work DIR: a directory that all machines see at the same path"
            )
        self._master = master
        self._shared = shared
        self._session: Any = None
        self._ours = False

    def __enter__(self) -> OnSpark:
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            raise UsageError("--engine spark needs PySpark: pip install 'leadline[spark]'") from None
        self._session = SparkSession.getActiveSession()
        if self._session is None:
            _require_java()
        return self

    def __exit__(self, *_: object) -> None:
        if self._ours:
            self._session.stop()

    def run(self, task: Task, asked: Sequence[Asked]) -> Iterable[Done]:
        """See ``Runner``: a Spark task for each partition."""
        numbers = self._started().range(0, len(asked), 1, max(1, len(asked)))
        answers = numbers.mapInArrow(Answers(task, tuple(asked)), "number long, done binary")
        try:
            rows = answers.collect()
        except _errors() as error:
            raise OutsideError(f"Spark could not evaluate the partitions: {_first_line(error)}") from error
        # Written by our own tasks a moment ago, in this session.
        return [pickle.loads(bytes(row.done)) for row in rows]  # noqa: S301

    @property
    def pieces(self) -> int:
        """See ``Readers``: what is put aside for Spark is read here."""
        return 1

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """See ``Readers``."""
        return map(work, items)

    def folder(self) -> Path | None:
        """See ``Runner``."""
        return self._shared

    def _started(self) -> Any:
        """Return the session. It starts with the first task: by then the files are there, and can be read."""
        if self._session is not None:
            return self._session
        from pyspark.sql import SparkSession

        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.master(self._master).appName("leadline evaluate")
        for name, value in QUIET.items():
            builder = builder.config(name, value)
        try:
            self._session = builder.getOrCreate()
        except _errors() as error:
            raise OutsideError(f"Spark does not start on {self._master}: {_first_line(error)}") from error
        self._ours = True
        return self._session


class Answers:
    """What ``mapInArrow`` calls: batches of numbers of partitions in, batches of what became of them out."""

    def __init__(self, task: Task, asked: tuple[Asked, ...]) -> None:
        self._task = task
        self._asked = asked

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Evaluate each partition as it is asked for."""
        for batch in batches:
            for number in batch.column(0).to_pylist():
                done = pickle.dumps(self._task(self._asked[number]))
                yield pyarrow.record_batch([pyarrow.array([number]), pyarrow.array([done])], schema=_SCHEMA)


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=f"{home}/bin" if home else None) is None:
        where = f"JAVA_HOME names {home}, which has no bin/java" if home else "there is no java on the PATH"
        raise OutsideError(f"--engine spark needs Java 17 or newer: {where}")


def _errors() -> tuple[type[Exception], ...]:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    return (PySparkException, Py4JError)


def _first_line(error: Exception) -> str:
    """Return what failed in one line: the last one of a Python trace, else the first. Spark's logs have the rest."""
    text = str(error).partition("SQLSTATE")[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = lines[-1:] if "Traceback" in text else lines[:1]
    return told[0][:300] if told else type(error).__name__
