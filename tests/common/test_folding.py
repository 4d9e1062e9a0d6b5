"""When two texts are the same text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.common.folding import fold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("\uff21cme", "acme"),
        (" VP ", "vp"),
        ("e\u0301", "\u00c9"),
        ("ﬁeld", "FIELD"),
        ("Σ", "ς"),
    ],
)
def test_spellings_of_one_text_fold_alike(one: str, other: str) -> None:
    """Case, width, composition and outer space do not matter."""
    assert fold(one) == fold(other)


def test_an_accent_matters() -> None:
    """Folding never makes two different words one."""
    assert fold("resume") != fold("résumé")


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    """Folded text is stable, so lists may be folded early or late."""
    assert fold(fold(text)) == fold(text)
