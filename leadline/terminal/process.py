"""The process around a verb: its streams, the signals that end it, and a reader or a disk that goes away."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from leadline.common.errors import LeadlineError, OutsideError, UsageError
from leadline.common.interrupts import Terminated, take_interrupts

if TYPE_CHECKING:
    import click

    from leadline.terminal.screen import Screen

INTERRUPTED: Final = 130
TERMINATED: Final = 143


class InterruptedRunError(LeadlineError):
    """What a run that was stopped says; its exit code is the shell's for the signal."""

    def __init__(self, exit_code: int) -> None:
        super().__init__("Stopped.")
        self.exit_code = exit_code


def prepare_process() -> None:
    """Make streams that never fail on a character, and signals end a run in an orderly way."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller: `leadline check >&-`
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - open to the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    take_interrupts()


def run_verb(verbs: click.Group, arguments: Sequence[str], screen: Screen) -> int:
    """Run one verb and return its exit code; every expected failure becomes one readable text."""
    try:
        code = _run(verbs, arguments, screen)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output went away (`leadline plan | head`): nothing to say, nobody to say it to.
        _silence()
        return 0
    except OSError as error:
        if error.errno is None:
            raise
        return _told(error, screen)
    return code


def _run(verbs: click.Group, arguments: Sequence[str], screen: Screen) -> int:
    from concurrent.futures import BrokenExecutor

    import click

    failure: LeadlineError
    try:
        code = verbs.main(args=list(arguments), prog_name="leadline", standalone_mode=False)
    except LeadlineError as error:
        failure = error
    except BrokenExecutor:
        failure = OutsideError("a process at work was killed, most often for want of memory; take fewer --workers")
    except click.ClickException as error:
        failure = UsageError(_usage_text(error))
    except (click.Abort, KeyboardInterrupt) as error:
        cause = error.__cause__ or error
        failure = InterruptedRunError(TERMINATED if isinstance(cause, Terminated) else INTERRUPTED)
    except SystemExit:
        if type(sys.stdout).__name__.endswith("PacifyFlushWrapper"):  # how click takes a broken pipe
            raise BrokenPipeError from None
        raise
    else:
        return code if isinstance(code, int) else 0
    screen.error(failure)
    return failure.exit_code


def _usage_text(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    help_hint = f"\nSee `{context.command_path} --help`." if context else ""
    return error.format_message() + help_hint


def _told(error: OSError, screen: Screen) -> int:
    """Say what the operating system refused: a file by its name, else our own output."""
    failure = OutsideError(f"{error.filename or 'the output'} cannot be used: {error.strerror}")
    if error.filename is None:
        _silence()
        screen.note(str(failure))
    else:
        screen.error(failure)
    return failure.exit_code


def _silence() -> None:
    """Let what is still to be written go nowhere, so that the interpreter can end without a word."""
    with suppress(OSError, ValueError):  # a stream that is no file of the system
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
