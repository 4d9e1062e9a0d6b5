"""Finding a rule book that the state keeps: every book that ever decided is there by its hash."""

from __future__ import annotations

from leadline.common.errors import RefusedError
from leadline.sync.store import Store
from leadline.sync.store.cycles import book_hashes, book_sources


def kept_book(store: Store, start: str) -> dict[str, bytes]:
    """Return the files of the one book whose hash begins with ``start`` (lower case).

    Raises RefusedError where there is none or several.
    """
    with store.read() as connection:
        found = book_hashes(connection, start)
        sources = book_sources(connection, found[0]) if len(found) == 1 else None
    if sources is not None:
        return sources
    if found:
        raise RefusedError(f"{start} begins the hashes of {len(found)} books; give more digits of one of them")
    raise RefusedError(
        f"the state keeps no rule book whose hash begins with {start};"
        " `leadline explain --json` names the one that decided"
    )
