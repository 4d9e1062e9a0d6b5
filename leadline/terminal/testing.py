"""`leadline test`: running the tests beside a book, and how failures and coverage look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.common.bookfiles import read_sources, read_tests
from leadline.common.errors import RefusedError, UsageError
from leadline.common.marks import Mark
from leadline.rules.reading import read_book
from leadline.rules.testing import Case, CaseResult, Coverage, Failure, Item, coverage, read_cases, run_cases
from leadline.terminal.screen import Screen
from leadline.terminal.tables import percent, table

if TYPE_CHECKING:
    from rich.console import Console


def run_tests(path: Path, screen: Screen, *, with_coverage: bool) -> int:
    """Run the tests beside the book at ``path``, show the result and return the exit code.

    Raises BookError for a book or a test that cannot be read, RefusedError where there are no tests.
    """
    book = read_book(read_sources(path))
    files = read_tests(path)
    if not files:
        raise RefusedError(f"{path}: there are no tests; write one to tests/first.yml, beginning with `- test: ...`")
    results = run_cases(book, read_cases(book, files))
    covered = coverage(book, results) if with_coverage else None
    screen.result(tests_data(results, covered), lambda console: render_tests(console, results, covered))
    return 0 if all(result.passed for result in results) else RefusedError.exit_code


def tell_test(screen: Screen, config: Path, person: str, out: Path | None) -> int:
    """Write a masked test out of a real person's story, to ``out`` (never over a file) or to stdout.

    Raises UsageError for a file that is there or cannot be written, RefusedError for a person who is not there.
    """
    from leadline.rules.testing.telling import tell
    from leadline.sync.retelling import story_of
    from leadline.terminal.session import session

    with session(screen, config, crms=False) as (_, setting):
        story = story_of(setting.store, setting.book, person)
        told = tell(setting.book, story, f"the story of {story.person} until {story.until:%Y-%m-%d}")
    if told.lost:
        screen.note(f"masked values of {', '.join(told.lost)} may decide otherwise than the real ones; look at them")
    if out is not None:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            with out.open("x", encoding="utf-8") as file:
                file.write(told.text)
        except FileExistsError:
            raise UsageError(f"{out} is there already; name a new file") from None
        except OSError as error:
            raise UsageError(f"{out} cannot be written: {error.strerror}") from error
    data = {"ok": True, "test": told.text, "lost": told.lost, "output": None if out is None else str(out)}
    shown = told.text if out is None else f"{out}\n"
    screen.result(data, lambda console: console.print(shown, markup=False, end="", soft_wrap=True))
    return 0


def tests_data(results: Sequence[CaseResult], covered: Coverage | None) -> dict[str, Any]:
    """Return the result for machines: each test with its failures, and what no test reached."""
    data: dict[str, Any] = {
        "ok": all(result.passed for result in results),
        "passed": sum(result.passed for result in results),
        "failed": sum(not result.passed for result in results),
        "tests": [_case_data(result) for result in results],
    }
    if covered is not None:
        data["coverage"] = {
            kind: {
                "total": total,
                "reached": total - len(covered.missed[kind]),
                "missed": [{"name": item.name, **_place(item.mark)} for item in covered.missed[kind]],
            }
            for kind, total in covered.total.items()
        }
    return data


def render_tests(console: Console, results: Sequence[CaseResult], covered: Coverage | None) -> None:
    """Print each failed test with what was expected and what is there instead, then a line of summary."""
    for result in (result for result in results if not result.passed):
        console.print(f"{_at(result.case.mark)}: failed: {result.case.name}", markup=False)
        before: tuple[str, ...] = ()
        for failure in result.failures:
            console.print(f"  {_at(failure.mark)}: {_difference(failure)}", markup=False)
            for line in failure.because if failure.because != before else ():
                console.print(f"      {line}", markup=False)
            before = failure.because
    if covered is not None:
        _render_coverage(console, covered)
    failed = sum(not result.passed for result in results)
    verdict = f"{failed} failed" if failed else "all passed"
    console.print(f"{len(results)} {'test' if len(results) == 1 else 'tests'}, {verdict}.", markup=False)


def _render_coverage(console: Console, covered: Coverage) -> None:
    rows = []
    for kind, total in covered.total.items():
        reached = total - len(covered.missed[kind])
        rows.append((kind, reached, total, percent(reached, total)))
    console.print(table(["", "reached", "in all", ""], rows, right=(1, 2, 3)))
    for kind, missed in covered.missed.items():
        for item in missed:
            console.print(f"{_at(item.mark)}: no test reaches the {kind} {_named(item)}", markup=False)


def _named(item: Item) -> str:
    return f"`{item.name}`"


def _difference(failure: Failure) -> str:
    return f"{failure.when}: expected {failure.what} {failure.expected}, but it is {failure.actual}"


def _case_data(result: CaseResult) -> dict[str, Any]:
    case: Case = result.case
    return {
        "name": case.name,
        **_place(case.mark),
        "passed": result.passed,
        "failures": [
            {
                **_place(failure.mark),
                "at": failure.at,
                "what": failure.what,
                "expected": failure.expected,
                "actual": failure.actual,
                "because": failure.because,
            }
            for failure in result.failures
        ],
        "moves": [{"at": move.at, "from": move.source, "to": move.target, "by": move.by} for move in result.moves],
    }


def _place(mark: Mark) -> dict[str, Any]:
    return {"file": mark.file, "line": mark.line, "column": mark.column}


def _at(mark: Mark) -> str:
    return f"{mark.file}:{mark.line}:{mark.column}"
