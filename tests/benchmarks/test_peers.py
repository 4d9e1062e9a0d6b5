"""The benchmark on a few people: every peer that is installed gives our scores, grades and stages."""

from __future__ import annotations

import pytest

from benchmarks import columns, racing
from benchmarks.peers import node_engines
from benchmarks.peers.numpy_kernel import NumpyKernel
from benchmarks.peers.ours import Ours
from benchmarks.peers.peer import Answer, MissingError, Work


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install nothing, and let everybody run once."""

    def missing() -> tuple[str, object]:
        raise MissingError("no network in tests")

    monkeypatch.setattr(node_engines, "_installed", missing)
    monkeypatch.setattr(racing, "RUNS", 1)


def test_everybody_finds_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """From raw activities and with features given; who is not installed is named."""
    columns.run_raw(120, 5)
    columns.run_features(120, 5)
    told = capsys.readouterr().out
    assert told.count("NumPy by hand") == 2
    assert "json-rules-engine (Node)                        was not run: no network in tests" in told


def test_a_peer_that_differs_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """One stage of one person is enough."""
    known = NumpyKernel.answer

    def wrong(self: NumpyKernel, found: object) -> Answer:
        answer = known(self, found)
        stage = answer.stage.copy()
        stage[-1] = (stage[-1] + 1) % 6
        return answer._replace(stage=stage)

    monkeypatch.setattr(NumpyKernel, "answer", wrong)
    work: Work = columns.work_of(50, 5)
    with pytest.raises(AssertionError, match="stage differs"):
        racing.race("few", work, Ours("ours"), None, [racing.Entry(NumpyKernel())])
