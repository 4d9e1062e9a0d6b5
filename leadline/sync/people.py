"""Finding one person by what somebody has at hand: an id, an e-mail address, or a CRM record's id."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from sqlalchemy import ColumnElement, Connection, select

from leadline.common.errors import RefusedError
from leadline.common.folding import fold
from leadline.connectors.record_ids import full_id
from leadline.sync.privacy.tombstones import erased_on
from leadline.sync.store import Store
from leadline.sync.store.schema import persons, records

NEAR: Final = 5
"""How many near matches a refusal names."""


def find_person(store: Store, text: str) -> str:
    """Return the id of the one person meant by ``text``; the person an alias was joined into.

    ``text`` is a person's id (``p-000017`` or ``17``), an e-mail address, a record's id in either CRM (15 or 18
    characters for Salesforce), or ``crm:object/id``. Raises RefusedError when nobody or several are meant, with what
    to type instead.
    """
    wanted = text.strip()
    with store.read() as connection:
        ways = (_by_person(connection, wanted), _by_email(connection, wanted), _by_record(connection, wanted))
        found = sorted({person for way in ways for person in way})
        if len(found) == 1:
            _require_living(connection, found[0])
            return found[0]
        if found:
            shown = ", ".join(found[:NEAR]) + (" ..." if len(found) > NEAR else "")
            raise RefusedError(f"{_shown(wanted)} means {len(found)} persons: {shown}; give one of these ids")
        last = connection.execute(select(persons.c.id).order_by(persons.c.number.desc()).limit(1)).scalar()
        if last is None:
            raise RefusedError("nobody is known yet: run `leadline pull` first")
        near = _near(connection, wanted)
    known = f"; give an e-mail address, a record id, or a person's id (the last one is {last})"
    hint = f"; did you mean {' or '.join(near)}?" if near else known
    raise RefusedError(f"nobody is known by {_shown(wanted)}{hint}")


def _require_living(connection: Connection, person: str) -> None:
    erased = erased_on(connection, person)
    if erased is not None:
        raise RefusedError(f"{person} was erased on {erased:%Y-%m-%d}; nothing is known of this person any more")


def _by_person(connection: Connection, text: str) -> list[str]:
    number = text.lower().removeprefix("p-")
    if not (number.isascii() and number.isdecimal()) or len(number) > 12:
        return []
    row = connection.execute(select(persons.c.id, persons.c.alias_of).where(persons.c.number == int(number))).first()
    return [row.alias_of or row.id] if row else []


def _by_email(connection: Connection, text: str) -> list[str]:
    return _people(connection, records.c.email == fold(text)) if "@" in text else []


def _by_record(connection: Connection, text: str) -> list[str]:
    crm, _, rest = text.partition(":")
    name, _, key = rest.partition("/")
    if key:
        place = (records.c.crm == crm) & (records.c.object == name)
        return _people(connection, place & records.c.record_id.in_(_spellings(key)))
    return _people(connection, records.c.record_id.in_(_spellings(text)))


def _spellings(key: str) -> Sequence[str]:
    return sorted({key, full_id(key)})


def _people(connection: Connection, where: ColumnElement[bool]) -> list[str]:
    mine = select(records.c.person_id).where(where, records.c.person_id.is_not(None)).distinct()
    return list(connection.execute(mine.order_by(records.c.person_id)).scalars())


def _near(connection: Connection, text: str) -> list[str]:
    """Return the persons whose addresses are spelt nearly so, by id and masked: messages end up in logs."""
    if "@" not in text:
        return []
    folded = fold(text)
    start = records.c.email.startswith(folded[:2], autoescape=True) & records.c.person_id.is_not(None)
    known = connection.execute(select(records.c.email, records.c.person_id).where(start).limit(2_000))
    by_email = {row[0]: row[1] for row in known}
    return [f"{by_email[email]} ({_masked(email)})" for email in get_close_matches(folded, by_email, 2, 0.85)]


def _masked(email: str) -> str:
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}***@{domain}"


def _shown(text: str) -> str:
    return "this e-mail address" if "@" in text else repr(text[:80])
