"""The whole rule language as one JSON Schema (2020-12), made from what the reader knows.

Keys, words, operators and enumerations come from the registries of ``rules.reading``; a key without a shape here is
an error when the schema is made. A schema cannot see whether a stage or a field exists: that is for ``check``.
"""

from __future__ import annotations

from typing import Final

from leadline.common.messages import LANGUAGES
from leadline.rules.reading import book
from leadline.rules.reading.conditions import WORDS
from leadline.rules.reading.names import WORDS_OF_STAGES, WRITE_WORDS
from leadline.rules.schema import accounts, actions, allocation, conditions, scores, sections, shapes, slas
from leadline.rules.schema.shapes import Schema, mapping, named, ref, said

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_OF_THE_ROOT: Final = ("leadline", "name")


def rule_language_schema(*, part: bool = False) -> Schema:
    """Return the schema of a rule book's root file (or of a ``part`` that it includes), as plain JSON types."""
    words = (*WORDS, *WORDS_OF_STAGES)
    known: dict[str, Schema] = {
        "leadline": said("The version of the rule language.", {"const": book.VERSION}),
        "name": said("What this book is called.", ref("text")),
        "zone": said("The time zone in which days begin, such as Europe/Berlin; without, UTC.", ref("text")),
        "language": said("The language of the line in the CRMs that says why.", {"enum": list(LANGUAGES)}),
        "include": said("More files of this book, by their names in its directory.", ref("texts")),
        "rates": said("The table of what one unit of each currency is worth.", ref("text")),
        "scope": said("Who is in the lifecycle at all.", sections.scope_section()),
        "primary": said("Which record of a person counts first.", sections.primary_section()),
        "machines": said("Users whose edits are not a person's.", ref("texts")),
        "identity": said("Which records are one person, beside what the CRMs link.", sections.identity_section()),
        "fields": said("What is known about a person, and where it lives.", named(ref("field"), words)),
        "deals": said("Which deals speak for a person.", sections.deals_section()),
        "activities": said("What a person did, and how a CRM tells it.", named(ref("activity"), words)),
        "accounts": said("What all people of one account come to.", named(ref("account fact"))),
        "scores": said("How good a lead is.", named(ref("score"), (*words, *WRITE_WORDS))),
        "grid": said("Two scores whose grades together make a cell, such as A1.", scores.grid_section()),
        "temperature": said("Hot, warm and cold, by cells of the grid.", scores.temperature_section()),
        "stages": said("The places of the lifecycle.", named(ref("stage"), (*WORDS, "stay"))),
        "paths": said("The main path, and every other move.", sections.paths_section()),
        "by_hand": said("How long a stage stands that a person set in a CRM.", sections.by_hand_section()),
        "on_enter": said("What entering a stage causes.", actions.on_enter_section()),
        "capacity": said("How many may enter a stage a day; the best go first.", allocation.capacity_section()),
        "rotas": said("Who takes turns, by the name of the rota.", named(allocation.rota())),
        "calendars": said("When somebody works.", {**named(slas.calendar()), "minProperties": 1}),
        "slas": said("What must happen by when.", {**named(slas.sla()), "minProperties": 1}),
        "write": said("What is written to the CRMs.", sections.write_section()),
        "guards": said("What stops a plan before the first write.", sections.guards_section()),
    }
    return {
        "$schema": DIALECT,
        "$id": f"urn:leadline:rule-language:{book.VERSION}" + (":part" if part else ""),
        "title": f"Leadline rule book, version {book.VERSION} of the rule language",
        **mapping(book.SECTIONS, known),
        # What another file of the book says need not stand in the root.
        **({} if part else {"anyOf": [{"required": list(book.REQUIRED)}, {"required": ["include", *_OF_THE_ROOT]}]}),
        "$defs": {
            **shapes.definitions(),
            **conditions.definitions(),
            **actions.definitions(),
            **slas.definitions(),
            "field": sections.field(),
            "deal_field": sections.deal_field(),
            "activity": sections.activity(),
            "attribute": sections.attribute(),
            "score": scores.scores_section(),
            "account fact": accounts.account_fact(),
            "criterion": scores.criterion(),
            "stage": sections.stage(),
            "transition": sections.transition(),
        },
    }
