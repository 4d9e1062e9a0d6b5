"""The limit: every byte of the input is read once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow

from benchmarks.peers.peer import Answer, Work


@dataclass(frozen=True, slots=True)
class ReadingOnce:
    """It adds up the buffers of the tables and answers nothing."""

    name: str = "reading the bytes once"
    from_features: bool = False
    most: int = 10**9

    def prepare(self, work: Work) -> Callable[[], Any]:
        """See ``Peer``."""
        tables = (work.features,) if self.from_features else (work.people, work.activities)
        buffers = [_words(buffer) for table in tables for column in table.columns for buffer in _buffers(column)]
        return lambda: [int(words.sum()) for words in buffers]

    def answer(self, found: Any) -> Answer | None:  # noqa: ARG002
        """Return nothing to compare."""
        return None


def _buffers(column: Any) -> list[Any]:
    return [
        buffer
        for chunk in column.chunks
        for buffer in (chunk.indices if pyarrow.types.is_dictionary(chunk.type) else chunk).buffers()
        if buffer is not None
    ]


def _words(buffer: Any) -> Any:
    return np.frombuffer(buffer, np.uint64, buffer.size // 8)
