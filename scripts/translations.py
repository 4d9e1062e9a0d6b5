"""Bring the translations in step with the English texts: ``python scripts/translations.py [--check]``.

Each ``leadline/common/messages/locale/*/LC_MESSAGES/leadline.po`` gets an empty entry for every new message id,
loses those that are gone, and marks as fuzzy what was translated from another English text; then its ``.mo`` is
compiled. ``--check`` writes nothing. Ends with 1 when a file is not in step, or a message has no translation or
other arguments. A new language begins with an empty ``leadline.po`` in a folder named as its locale.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from leadline.common.messages.english import TEXTS

LOCALES = Path(__file__).parents[1] / "leadline" / "common" / "messages" / "locale"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
"""Stands in the headers, so that the files depend on their entries alone."""


class _Catalogue(Catalog):
    """A catalogue whose header does not change with the tool's version or with nobody's address."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [item for item in super().mime_headers if item[0] not in {"Generated-By", "Report-Msgid-Bugs-To"}]


def main(arguments: list[str]) -> int:
    """Renew or check every catalogue; return the exit code."""
    faults: list[str] = []
    for path in sorted(LOCALES.glob("*/LC_MESSAGES/leadline.po")):
        catalogue = renewed(path)
        faults += [f"{path.parent.parent.name}: {fault}" for fault in faults_of(catalogue)]
        for file, wanted in ((path, po_bytes(catalogue)), (path.with_suffix(".mo"), mo_bytes(catalogue))):
            if file.exists() and file.read_bytes() == wanted:
                continue
            if "--check" in arguments:
                faults.append(f"{file.parent.parent.name}: {file.name} is not in step; run scripts/translations.py")
            else:
                file.write_bytes(wanted)
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


def renewed(path: Path) -> Catalog:
    """Return the catalogue of a file with one entry for each message id, in the order of the English texts."""
    with path.open("rb") as stream:
        old = read_po(stream, locale=path.parent.parent.name)
    known = {message.context: message for message in old if message.id}
    new = _Catalogue(
        locale=old.locale,
        header_comment="# What `leadline explain` says. msgctxt is the message's id; keep what stands in {braces}.",
        project="leadline",
        version="1",
        last_translator="Leadline",
        language_team="Leadline",
        creation_date=LONG_AGO,
        revision_date=LONG_AGO,
        fuzzy=False,
    )
    for id, english in TEXTS.items():
        before = known.get(id)
        text = "" if before is None else before.string
        flags = () if before is None else set(before.flags) - {"python-format", "python-brace-format"}
        if before is not None and before.id != english and any(text):
            flags = {"fuzzy"}
        if isinstance(english, tuple) and not isinstance(text, tuple):
            text = (text,) * new.num_plurals
        elif isinstance(english, str) and isinstance(text, tuple):
            text = text[0]
        new.add(english, text, context=id, flags=flags)
    return new


def faults_of(catalogue: Catalog) -> Iterator[str]:
    """Yield what is missing in a catalogue, or does not fit the English text."""
    for message in catalogue:
        if not message.id:
            continue
        if message.fuzzy:
            yield f"{message.context}: the English text changed; look at the translation and remove `fuzzy`"
        for text in message.string if isinstance(message.string, tuple) else (message.string,):
            if not text:
                yield f"{message.context}: no translation"
            elif arguments_of(text) - wanted_of(message) or required_of(message) - arguments_of(text):
                yield f"{message.context}: the arguments in braces differ"


def arguments_of(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def wanted_of(message: Message) -> set[str]:
    """Return the names that any English form of a message has."""
    return {name for text in _forms(message) for name in arguments_of(text)}


def required_of(message: Message) -> set[str]:
    """Return the names that every English form of a message has."""
    return set.intersection(*(arguments_of(text) for text in _forms(message)))


def po_bytes(catalogue: Catalog) -> bytes:
    """Return the text of a ``.po`` file."""
    stream = io.BytesIO()
    write_po(stream, catalogue, width=118, omit_header=False)
    return stream.getvalue()


def mo_bytes(catalogue: Catalog) -> bytes:
    """Return the compiled file that is shipped."""
    stream = io.BytesIO()
    write_mo(stream, catalogue)
    return stream.getvalue()


def _forms(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
