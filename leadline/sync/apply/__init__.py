"""Apply: the only room that is given connectors which write."""

from leadline.sync.apply.applying import Run, apply_plan
from leadline.sync.apply.report import ApplyEvent, ApplyReport, ReadingBack, RecordOutcome, Retrying, Writing
from leadline.sync.apply.writing import Patience

__all__ = [
    "ApplyEvent",
    "ApplyReport",
    "Patience",
    "ReadingBack",
    "RecordOutcome",
    "Retrying",
    "Run",
    "Writing",
    "apply_plan",
]
