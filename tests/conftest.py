"""What all tests share: a state's tables are made by migrations once and copied then; imports are no garbage."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from leadline.sync.store import open_store, opening

# How long an example takes says how busy the machine is, and fails no test.
settings.register_profile("leadline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("leadline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the commands of the documents, the longest tests: at the end one process would wait for them."""
    items.sort(key=lambda item: "test_the_commands_of_a_document" not in item.name)


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among the modules and tests, which stay: a sixth of all CPU time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture
def usual_garbage() -> Iterator[None]:
    """Let Python look for garbage as often as outside of tests, where a test measures memory."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


@pytest.fixture(scope="session")
def empty_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite state with nothing in it, to copy: the migrations take a while."""
    file = tmp_path_factory.mktemp("state") / "empty.db"
    open_store(f"sqlite:///{file}").close()
    return file


@pytest.fixture(scope="session", autouse=True)
def migrate_anew(empty_state: Path) -> Iterator[Callable[[Path], None]]:
    """Let a new SQLite state be a copy; gives what opening a state does without that."""
    make_room = opening._make_room

    def copied(file: Path) -> None:
        make_room(file)
        if not file.exists():
            with suppress(OSError):  # what is wrong is told when it is opened
                shutil.copyfile(empty_state, file)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(opening, "_make_room", copied)
        yield make_room


@pytest.fixture
def by_migrations(migrate_anew: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a new state be made by the migrations themselves, as outside of tests."""
    monkeypatch.setattr(opening, "_make_room", migrate_anew)
