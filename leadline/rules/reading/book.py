"""Reading a whole book: the root file's sections in the order in which they need each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

from leadline.common.errors import BookError
from leadline.common.messages import LANGUAGES
from leadline.common.values import Crm
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.common.yamltree import Entry, MappingNode, Node
from leadline.rules.model import (
    All,
    Book,
    ByHand,
    Calendars,
    Condition,
    Deals,
    Guards,
    Identity,
    Not,
    Publish,
    WriteTargets,
)
from leadline.rules.nearest import nearest
from leadline.rules.reading.accounts import read_accounts, with_accounts
from leadline.rules.reading.actions import read_on_enter
from leadline.rules.reading.activities import read_activities
from leadline.rules.reading.allocation import read_capacity, read_rotas
from leadline.rules.reading.conditions import WORDS
from leadline.rules.reading.deals import read_deals
from leadline.rules.reading.fields import read_fields
from leadline.rules.reading.files import Files, root_of
from leadline.rules.reading.grids import read_grid, read_temperatures
from leadline.rules.reading.hashing import book_hash
from leadline.rules.reading.identity import read_identity
from leadline.rules.reading.limits import read_guards
from leadline.rules.reading.lists import Lists
from leadline.rules.reading.names import Reading, gather
from leadline.rules.reading.owning import with_owner
from leadline.rules.reading.paths import Paths, read_by_hand, read_paths
from leadline.rules.reading.rates import read_rates
from leadline.rules.reading.report import Report
from leadline.rules.reading.scores import read_scores
from leadline.rules.reading.slas import Slas, read_slas
from leadline.rules.reading.stages import read_stages, with_start
from leadline.rules.reading.words import conditions
from leadline.rules.reading.writing import read_write

VERSION: Final = 1
SECTIONS: Final = (
    *("leadline", "name", "include", "zone", "language", "rates", "scope", "primary", "machines", "identity"),
    *("fields", "deals"),
    *("activities", "accounts", "scores", "grid", "temperature", "stages", "paths", "by_hand", "on_enter", "write"),
    "guards",
    *("capacity", "rotas", "calendars", "slas"),
)
SCOPE_KEYS: Final = ("include", "exclude")
REQUIRED: Final = ("leadline", "name", "fields", "stages", "paths")
LATER: Final[tuple[str, ...]] = ()
"""Sections of the language that later versions read; refused, never ignored."""


def read_book(sources: Mapping[str, bytes]) -> Book:
    """Return the book in ``sources`` (file name relative to the book's directory -> bytes).

    The root is ``rules.yml`` or else the only YAML file that no other one includes; what it includes belongs to the
    book. Raises BookError with all problems at once.
    """
    report = Report()
    files = Files(report, sources, SECTIONS, LATER)
    tree = files.read(root_of(sources))
    book = _book(report, files.sections, tree, sources) if isinstance(tree, MappingNode) else None
    if report.problems or book is None:
        raise BookError(list(dict.fromkeys(report.problems)))
    return dataclasses.replace(book, hash=book_hash(book))


def _book(report: Report, sections: Mapping[str, Entry], tree: Node, sources: Mapping[str, bytes]) -> Book | None:
    for section in REQUIRED:
        report.required(sections, section, tree.mark, "a rule book")
    nodes = {name: entry.value for name, entry in sections.items()}
    _check_version(report, nodes)
    name = report.text(nodes["name"], "`name`") if "name" in nodes else None
    names = gather(report, sections, WORDS)
    lists = Lists(report, sources)
    named = read_fields(report, nodes["fields"], lists) if "fields" in nodes else {}
    names, fields = with_owner(sections, names, named)
    deals = read_deals(report, nodes["deals"], lists) if "deals" in nodes else Deals()
    before = Reading(report, lists, names, fields, deals)
    accounts = read_accounts(before, nodes["accounts"]) if "accounts" in nodes else {}
    reading = with_accounts(before, accounts) if accounts or names.accounts else before
    stages = read_stages(reading, nodes["stages"]) if "stages" in nodes else {}
    paths = read_paths(reading, nodes["paths"], stages) if "paths" in nodes else Paths((), ())
    activities = read_activities(report, nodes["activities"]) if "activities" in nodes else {}
    calendars = _calendars(report, nodes["calendars"], sources) if "calendars" in nodes else Calendars()
    slas = read_slas(reading, nodes["slas"], calendars, activities) if "slas" in nodes else Slas({}, ())
    nothing: tuple[dict[Crm, WriteTargets], Publish] = ({}, Publish())
    write, publish = read_write(reading, nodes["write"]) if "write" in nodes else nothing
    return Book(
        name=name or "",
        fields=fields,
        activities=activities,
        scores=read_scores(reading, nodes["scores"]) if "scores" in nodes else {},
        stages=with_start(reading, stages, paths.main),
        main_path=paths.main,
        transitions=(*paths.transitions, *slas.transitions),
        deals=deals,
        accounts=accounts,
        grid=read_grid(reading, nodes["grid"]) if "grid" in nodes else None,
        temperatures=read_temperatures(reading, nodes["temperature"]) if "temperature" in nodes else None,
        by_hand=read_by_hand(reading, nodes["by_hand"]) if "by_hand" in nodes else ByHand(),
        identity=read_identity(report, nodes["identity"]) if "identity" in nodes else Identity(),
        machines=report.texts(nodes["machines"], "`machines`") if "machines" in nodes else (),
        primary=_primary(report, nodes),
        scope=_scope(before, nodes["scope"]) if "scope" in nodes else None,
        write=write,
        publish=publish,
        guards=read_guards(reading, nodes["guards"], write) if "guards" in nodes else Guards(),
        rates=read_rates(report, nodes["rates"], lists) if "rates" in nodes else {},
        on_enter=read_on_enter(reading, nodes["on_enter"]) if "on_enter" in nodes else {},
        capacity=read_capacity(reading, nodes["capacity"]) if "capacity" in nodes else {},
        rotas=read_rotas(report, nodes["rotas"]) if "rotas" in nodes else {},
        zone=_zone(report, nodes["zone"]) if "zone" in nodes else "UTC",
        language=_language(report, nodes["language"]) if "language" in nodes else "en",
        calendars=calendars,
        slas=slas.slas,
    )


def _check_version(report: Report, nodes: Mapping[str, Node]) -> None:
    if "leadline" not in nodes:
        return
    version = report.count(nodes["leadline"], "`leadline`")
    if version is not None and version != VERSION:
        message = f"this book is written for version {version} of the rule language, and this program reads {VERSION}"
        report.add(nodes["leadline"].mark, message, "install a newer Leadline", "version")


def _calendars(report: Report, node: Node, sources: Mapping[str, bytes]) -> Calendars:
    # Only a book with calendars waits for zone data and holidays to load.
    from leadline.rules.reading.calendars import read_calendars

    return read_calendars(report, node, sources)


def _zone(report: Report, node: Node) -> str:
    # Only a book that names a zone waits for the zone data to load.
    from leadline.rules.business_time.zones import zone_names

    return report.choice(node, sorted(zone_names()), "`zone`: time zones") or "UTC"


def _language(report: Report, node: Node) -> str:
    return report.choice(node, LANGUAGES, "`language`: languages") or "en"


def _primary(report: Report, nodes: Mapping[str, Node]) -> tuple[str, ...]:
    default = ("Contact", "Lead", "contact")
    if "primary" not in nodes:
        return default
    objects = [name for crm in PERSON_OBJECTS.values() for name in crm]
    return tuple(dict.fromkeys(report.choices(nodes["primary"], objects, "`primary`: objects"))) or default


def _scope(reading: Reading, node: Node) -> Condition | None:
    """Return who is in the lifecycle: ``include`` holds and ``exclude`` does not."""
    keys = reading.report.keys(node, SCOPE_KEYS, "`scope`")
    if keys is None:
        return None
    reader = conditions(reading, "scope")
    include = reader.read(keys["include"].value) if "include" in keys else None
    exclude = reader.read(keys["exclude"].value) if "exclude" in keys else None
    if not keys:
        reading.report.add(node.mark, "`scope` is empty", nearest("", SCOPE_KEYS), "missing-key")
    outside = Not(exclude, exclude.mark) if exclude is not None else None
    if include is not None and outside is not None:
        return All((include, outside), node.mark)
    return include if include is not None else outside
