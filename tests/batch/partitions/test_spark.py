"""`--engine spark` gives what this machine gives, byte for byte; one session on `local[2]` serves all tests."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from leadline.batch.partitions import aside, spark
from leadline.batch.partitions.spark import OnSpark
from leadline.cli import run
from leadline.common.errors import OutsideError
from tests.batch.partitions.made import AT, BOOKS, write, write_buckets
from tests.batch.partitions.test_laws import EXAMPLE

MISSING = "PySpark is not installed" if find_spec("pyspark") is None else "there is no Java"
needs_spark = pytest.mark.skipif(
    "CI" not in os.environ and (find_spec("pyspark") is None or shutil.which("java") is None), reason=MISSING
)


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """Start Spark once, as small as it goes."""
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYSPARK_PYTHON", sys.executable)
        patched.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        builder = SparkSession.builder.master("local[2]").appName("tests")
        small = {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC", **spark.QUIET}
        for name, value in {**small, "spark.driver.bindAddress": "127.0.0.1"}.items():
            builder = builder.config(name, value)
        started = builder.getOrCreate()
        yield started
        started.stop()


def evaluate(capsys: pytest.CaptureFixture[str], rules: Path, paths: dict[str, Path], *more: str) -> Any:
    """Run the verb; return its JSON and the result as sorted Arrow IPC."""
    out = rules / "out.parquet"
    files = [text for name, path in paths.items() for text in (f"--{name}", str(path))]
    where = ["--rules", str(rules), "--as-of", AT.isoformat(), "-o", str(out)]
    code = run(["evaluate", *where, *files, *more, "--json"])
    told = json.loads(capsys.readouterr().out)
    if code:
        return code, told["error"]
    sink = pyarrow.BufferOutputStream()
    table = parquet.read_table(out).sort_by("person_id")
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return told, sink.getvalue().to_pybytes(), out.read_bytes()


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Write the book that asks for everything."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "rules.yml").write_text(BOOKS["all"], encoding="utf-8")
    return folder


@needs_spark
@pytest.mark.usefixtures("session")
def test_spark_gives_what_this_machine_gives(
    tmp_path: Path, rules: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accounts, deals, and places given between passes: files put aside, and Parquet by bucket where it lies."""
    monkeypatch.setattr(aside, "IN_ACCOUNTS", 5)
    files = write(tmp_path, EXAMPLE)
    here = evaluate(capsys, rules, files)
    assert evaluate(capsys, rules, files, "--engine", "spark", "--master", "local[2]") == here
    monkeypatch.chdir(tmp_path)  # Spark's own processes stand elsewhere
    buckets = write_buckets(Path("buckets"), EXAMPLE, 3)
    there = evaluate(capsys, rules, buckets, "--engine", "spark", "--work", ".")
    assert there == evaluate(capsys, rules, buckets)
    assert there[1] == here[1]


@needs_spark
@pytest.mark.usefixtures("session")
def test_columns_work_on_spark(tmp_path: Path, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A book that asks for nobody else's facts; a file that cannot be read tells its line."""
    (rules / "rules.yml").write_text(BOOKS["plain"], encoding="utf-8")
    buckets = write_buckets(tmp_path, EXAMPLE, 2)
    here, there = (evaluate(capsys, rules, buckets, *more) for more in ((), ("--engine", "spark")))
    assert here == there
    assert here[0]["people"] == 9


@needs_spark
def test_what_fails_on_spark_is_told_in_a_line(session: Any, tmp_path: Path) -> None:
    """Exit code 3; the traces of two languages stay out of it."""

    class Broken:
        def __call__(self, asked: object) -> None:
            raise MemoryError("no room")

    del session
    with OnSpark("local[2]", None) as runner, pytest.raises(OutsideError) as caught:
        runner.run(Broken(), [None])  # type: ignore[arg-type, list-item]
    assert "\n" not in str(caught.value)
    assert "no room" in str(caught.value)


def test_what_is_missing_is_told(
    tmp_path: Path, rules: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra, Java, and a folder that all machines see: one sentence, and no trace."""
    files, engine = write(tmp_path, EXAMPLE), ("--engine", "spark")
    assert evaluate(capsys, rules, files, *engine, "--master", "spark://host:7077") == (
        2, "--master spark://host:7077 needs --work DIR: a directory that all machines see at the same path",
    )  # fmt: skip
    assert evaluate(capsys, rules, files, "--master", "local[2]") == (2, "--master belongs to --engine spark")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "pyspark.sql", None)
        assert evaluate(capsys, rules, files, *engine) == (
            2, "--engine spark needs PySpark: pip install 'leadline[spark]'",
        )  # fmt: skip


@needs_spark
def test_missing_java_is_told(
    tmp_path: Path, rules: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before PySpark fills the screen with it."""
    from pyspark.sql import SparkSession

    monkeypatch.setattr(SparkSession, "getActiveSession", classmethod(lambda _: None))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    code, told = evaluate(capsys, rules, write(tmp_path, EXAMPLE), "--engine", "spark")
    assert code == 3
    assert told == f"--engine spark needs Java 17 or newer: JAVA_HOME names {tmp_path}, which has no bin/java"


@needs_spark
def test_spark_starts_when_the_files_are_there(
    tmp_path: Path, rules: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is missing or cannot be read is told without waiting for it."""
    from pyspark.sql import SparkSession

    monkeypatch.setattr(SparkSession, "getActiveSession", classmethod(lambda _: None))
    monkeypatch.setattr(OnSpark, "_started", lambda _: pytest.fail("Spark was started"))
    files = write(tmp_path, EXAMPLE)
    missing = {**files, "activities": tmp_path / "nothing.csv"}
    assert evaluate(capsys, rules, missing, "--engine", "spark")[0] == 2
    files["activities"].write_text("person_id,activity,at\np1,demo,never\n", encoding="utf-8")
    code, told = evaluate(capsys, rules, files, "--engine", "spark")
    assert (code, "activities.csv:2:1" in told) == (2, True)
