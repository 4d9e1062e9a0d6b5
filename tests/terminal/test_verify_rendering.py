"""What differs between a stored decision and the same one derived again is named, and nothing else."""

from __future__ import annotations

from leadline.terminal.verify import differences


def test_only_what_differs_is_named() -> None:
    """Equal parts are left out, however deep; what is missing on one side is null there."""
    stored = {"id": "d-1", "after": {"stage": "mql", "scores": {"fit": 90}}, "person": "p-1"}
    derived = {"id": "d-2", "after": {"stage": "mql", "scores": {"fit": 85, "interest": 3}}, "person": "p-1"}
    assert list(differences(stored, derived)) == [
        ("after.scores.fit", "90", "85"),
        ("after.scores.interest", "null", "3"),
        ("id", '"d-1"', '"d-2"'),
    ]
    assert not list(differences(stored, stored))
