"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from leadline.common.errors import UsageError


@contextmanager
def whole_file(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Give a name beside ``path`` to write to, and put it in place only when all went well.

    ``private``: its owner alone may read it. Raises UsageError where a file cannot be made there, or put in place.
    """
    with _told(path):
        handle, name = tempfile.mkstemp(dir=path.parent or Path(), prefix=f".{path.name}.")
        os.close(handle)
    try:
        yield Path(name)
        with _told(path):
            if not private:
                umask = os.umask(0)
                os.umask(umask)
                Path(name).chmod(0o666 & ~umask)
            Path(name).replace(path)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()


def replace_file(path: Path, texts: Iterable[str], *, private: bool = False) -> None:
    """Put a text, given in parts, in place at once: who reads finds it or what stood there. Raises UsageError."""
    with whole_file(path, private=private) as partial, _told(path), partial.open("w", encoding="utf-8") as file:
        file.writelines(texts)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
