"""Deciding: from a rule book and a person's facts to scores, stages and the reasons for them."""

from leadline.rules.deciding.decisions import (
    decision_from_json,
    decision_to_json,
    input_hash,
    outcome_from_json,
    outcome_to_json,
    state_from_json,
    state_to_json,
)
from leadline.rules.deciding.engine import Engine
from leadline.rules.deciding.retelling import one_line, why_message
from leadline.rules.deciding.trace import (
    ConditionTrace,
    CriterionTrace,
    MatchTrace,
    NextChange,
    ScoreTrace,
    Trace,
    WayTrace,
)
from leadline.rules.deciding.trajectory import Step

__all__ = [
    "ConditionTrace",
    "CriterionTrace",
    "Engine",
    "MatchTrace",
    "NextChange",
    "ScoreTrace",
    "Step",
    "Trace",
    "WayTrace",
    "decision_from_json",
    "decision_to_json",
    "input_hash",
    "one_line",
    "outcome_from_json",
    "outcome_to_json",
    "state_from_json",
    "state_to_json",
    "why_message",
]
