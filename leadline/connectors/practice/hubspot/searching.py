"""The search endpoint's request: its limits, filters, order and pages (docs: CRM search, limits and operators)."""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from leadline.connectors.practice.hubspot.answers import ApiError, bad_request
from leadline.connectors.practice.hubspot.kinds import Kind
from leadline.connectors.practice.hubspot.properties import Catalog
from leadline.connectors.practice.hubspot.records import Table, value_of
from leadline.connectors.practice.hubspot.searchindex import Entry
from leadline.connectors.practice.hubspot.stamps import read_stamp

MOST_GROUPS: Final = 5
MOST_FILTERS: Final = 6
MOST_FILTERS_IN_ALL: Final = 18
MOST_ROWS: Final = 10_000
MOST_CHARACTERS: Final = 3_000
LARGEST_PAGE: Final = 200
PROBLEM: Final = "There was a problem with the request."

Test = Callable[[Entry], bool]
_WORDS: Final = re.compile(r"\w+")
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "EQ": lambda have, want: have == want,
    "LT": lambda have, want: have < want,
    "LTE": lambda have, want: have <= want,
    "GT": lambda have, want: have > want,
    "GTE": lambda have, want: have >= want,
}
_OPERATORS: Final = frozenset(
    {*_COMPARE, "NEQ", "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY", "CONTAINS_TOKEN",
     "NOT_CONTAINS_TOKEN"}
)  # fmt: skip


@dataclass(slots=True)
class Group:
    """Filters that must all hold: those on the stamp and the id as plain bounds, the rest as tests.

    Bounds are inclusive and let the sorted index do the work.
    """

    updated: tuple[float, float]
    ids: tuple[float, float]
    tests: list[Test]

    def narrow(self, what: str, low: float, high: float) -> None:
        """Let only stamps (``updated``) or ids (``ids``) from ``low`` to ``high`` through."""
        known = self.updated if what == "updated" else self.ids
        setattr(self, what, (max(known[0], low), min(known[1], high)))


@dataclass(frozen=True, slots=True)
class Query:
    """A search that passed every check."""

    groups: tuple[Group, ...]
    words: tuple[str, ...]
    sort: str
    descending: bool
    limit: int
    after: int
    properties: tuple[str, ...]


def read_query(kind: Kind, catalog: Catalog, given: object, most: int | None = None) -> Query:
    """Check a search request and return what it asks. Raises ApiError 400. ``most``: a smaller largest page."""
    if not isinstance(given, Mapping):
        raise bad_request("Invalid input JSON on line 1, column 1: an object is wanted")
    groups = given.get("filterGroups") or ()
    if len(json.dumps(groups)) > MOST_CHARACTERS or len(str(given.get("query") or "")) > MOST_CHARACTERS:
        raise bad_request(f"{PROBLEM} The query is longer than {MOST_CHARACTERS} characters.")
    if not isinstance(groups, list | tuple) or not all(isinstance(group, Mapping) for group in groups):
        raise bad_request("Invalid input JSON: filterGroups must be a list of objects")
    listed = [group.get("filters") or [] for group in groups]
    if not all(isinstance(filters, list) for filters in listed):
        raise bad_request("Invalid input JSON: filters must be a list of objects")
    if len(listed) > MOST_GROUPS:
        raise bad_request(f"{PROBLEM} There are {len(listed)} filterGroups, more than {MOST_GROUPS}.")
    if any(len(filters) > MOST_FILTERS for filters in listed):
        raise bad_request(f"{PROBLEM} A filterGroup has more than {MOST_FILTERS} filters.")
    if sum(map(len, listed)) > MOST_FILTERS_IN_ALL:
        raise bad_request(f"{PROBLEM} There are more than {MOST_FILTERS_IN_ALL} filters.")
    sort, descending = _sort(catalog, given.get("sorts") or ())
    limit, after = _page(given, most or LARGEST_PAGE)
    words = str(given.get("query") or "").lower().split()
    return Query(
        groups=tuple(_group(kind, catalog, filters) for filters in listed) or (_everything(),),
        words=tuple(words),
        sort=sort or kind.created,
        descending=descending,
        limit=limit,
        after=after,
        properties=_texts(given.get("properties")),
    )


def _texts(given: object) -> tuple[str, ...]:
    return tuple(str(one) for one in given) if isinstance(given, list) else ()


def run(table: Table, catalog: Catalog, query: Query) -> tuple[int, list[Entry]]:
    """Return how many rows match and the page of them; ties of the order are broken by id, ascending."""
    plain = _plain(table, query)
    if plain is not None:
        shown = plain[query.after : query.after + query.limit]
        return len(plain), [entry for entry in map(table.index.get, shown) if entry is not None]
    found = _matching(table, query)
    if query.words:
        found = [entry for entry in found if _spoken_of(table.kind, entry, query.words)]
    found.sort(key=lambda entry: entry.id)
    found.sort(key=_sort_key(table.kind, catalog, query.sort), reverse=query.descending)
    return len(found), found[query.after : query.after + query.limit]


def _plain(table: Table, query: Query) -> Sequence[int] | None:
    """Return all matching ids in order where the sorted index alone can tell them: what a pull asks for."""
    group = query.groups[0]
    if len(query.groups) > 1 or group.tests or query.words or query.descending:
        return None
    low, high = group.ids
    if query.sort == "hs_object_id":
        ids = table.index.ids_between(*group.updated)
        return ids[bisect_left(ids, low) : bisect_right(ids, high)]
    if query.sort != table.kind.stamp:
        return None
    return [number for _, number in table.index.between(*group.updated) if low <= number <= high]


def _matching(table: Table, query: Query) -> list[Entry]:
    """Return the entries that any group lets through."""
    seen: dict[int, Entry] = {}
    for group in query.groups:
        low, high = group.ids
        numbers = [number for _, number in table.index.between(*group.updated) if low <= number <= high]
        for number in numbers:
            entry = table.index.get(number)
            if entry is not None and all(test(entry) for test in group.tests):
                seen[number] = entry
    return list(seen.values())


def _everything() -> Group:
    return Group((-inf, inf), (-inf, inf), [])


def _group(kind: Kind, catalog: Catalog, filters: list[Any]) -> Group:
    group = _everything()
    if not filters:
        raise bad_request(f"{PROBLEM} A filterGroup needs filters.")
    for one in filters:
        _add_filter(kind, catalog, group, one)
    return group


def _add_filter(kind: Kind, catalog: Catalog, group: Group, one: object) -> None:
    if not isinstance(one, Mapping):
        raise bad_request(f"{PROBLEM} A filter must be an object.")
    name, operator = one.get("propertyName"), one.get("operator")
    if not isinstance(operator, str) or operator not in _OPERATORS:
        raise bad_request(f"Invalid input JSON: operator must be one of [{', '.join(sorted(_OPERATORS))}]")
    if not isinstance(name, str) or name not in catalog.properties:
        error = {"message": f"Property {name} does not exist", "code": "PROPERTY_DOESNT_EXIST"}
        raise bad_request(PROBLEM, errors=[error])
    read = _reader(catalog, name)
    if operator in {"HAS_PROPERTY", "NOT_HAS_PROPERTY"}:
        wanted = operator == "HAS_PROPERTY"
        group.tests.append(lambda entry: (value_of(kind, entry, name) is not None) == wanted)
    elif operator in {"IN", "NOT_IN"}:
        group.tests.append(_membership(kind, catalog, name, one, within=operator == "IN"))
    elif operator in {"CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"}:
        group.tests.append(_token_test(kind, name, _needed(one, "value", operator), operator == "CONTAINS_TOKEN"))
    elif operator == "BETWEEN":
        low, high = read(_needed(one, "value", operator)), read(_needed(one, "highValue", operator))
        if not _as_bounds(kind, group, name, low, high):
            group.tests.append(_test(kind, read, name, lambda have: low <= have <= high))
    else:
        _compare(kind, group, name, operator, read, read(_needed(one, "value", operator)))


def _compare(kind: Kind, group: Group, name: str, operator: str, read: Callable[[str], Any], want: Any) -> None:
    bounds: dict[str, tuple[float, float]] = {}
    if isinstance(want, int):
        bounds = {
            "EQ": (want, want),
            "GT": (want + 1, inf),
            "GTE": (want, inf),
            "LT": (-inf, want - 1),
            "LTE": (-inf, want),
        }
    if operator in bounds and _as_bounds(kind, group, name, *bounds[operator]):
        return
    if operator == "NEQ":
        # Rows without a value do not match: add NOT_HAS_PROPERTY to another group to find them.
        group.tests.append(_test(kind, read, name, lambda have: have != want))
    else:
        compare = _COMPARE[operator]
        group.tests.append(_test(kind, read, name, lambda have: compare(have, want)))


def _as_bounds(kind: Kind, group: Group, name: str, low: Any, high: Any) -> bool:
    if name == kind.stamp:
        group.narrow("updated", low, high)
    elif name == "hs_object_id":
        group.narrow("ids", low, high)
    else:
        return False
    return True


def _test(kind: Kind, read: Callable[[str], Any], name: str, holds: Callable[[Any], bool]) -> Test:
    if name in {kind.created, kind.stamp, "hs_object_id"}:
        place = {kind.created: "created", kind.stamp: "updated"}.get(name, "id")
        return lambda entry: holds(getattr(entry, place))

    def test(entry: Entry) -> bool:
        text = entry.values.get(name)
        return text is not None and holds(read(text))

    return test


def _membership(kind: Kind, catalog: Catalog, name: str, one: Mapping[str, Any], *, within: bool) -> Test:
    """Test IN and NOT_IN. Values of string properties are indexed in lower case and must be given so (docs)."""
    values = one.get("values")
    if not isinstance(values, list) or not values:
        raise bad_request(f"{PROBLEM} The operator {one.get('operator')} needs values.")
    found = catalog.properties[name]
    if found.type in {"string", "phone_number"}:
        wanted = {str(value) for value in values}
        return _test(kind, str.lower, name, lambda have: (have in wanted) == within)
    read = _reader(catalog, name)
    known = {read(str(value)) for value in values}
    return _test(kind, read, name, lambda have: (have in known) == within)


def _token_test(kind: Kind, name: str, wanted: str, holds: bool) -> Test:
    """Test for a token; ``*`` stands for any letters at its start or end."""
    parts = [re.escape(part) for part in wanted.lower().split("*")]
    pattern = re.compile(r"(?<!\w)" + r"\w*".join(parts) + r"(?!\w)")

    def test(entry: Entry) -> bool:
        text = value_of(kind, entry, name)
        return (text is not None and pattern.search(text.lower()) is not None) == holds

    return test


def _reader(catalog: Catalog, name: str) -> Callable[[str], Any]:
    """Return how a property's text is read for comparing; a filter value that cannot be is 400."""
    kind = catalog.properties[name].type
    if kind in {"date", "datetime"}:
        return _instant
    return _number if kind == "number" else str.lower


def _instant(text: str) -> int:
    stamp = read_stamp(text)
    if stamp is None:
        raise bad_request(PROBLEM, errors=[{"message": f"{text} was not a valid long.", "code": "INVALID_LONG"}])
    return stamp


def _number(text: str) -> float:
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError as error:
        message = f"{text} was not a valid number."
        raise bad_request(PROBLEM, errors=[{"message": message, "code": "INVALID_INTEGER"}]) from error


def _needed(one: Mapping[str, Any], key: str, operator: str) -> str:
    value = one.get(key)
    if value is None or isinstance(value, list | Mapping):
        raise bad_request(f"{PROBLEM} The operator {operator} needs {key}.")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sort(catalog: Catalog, sorts: Any) -> tuple[str, bool]:
    """Read the one sort: an object, or a property's name with ``-`` before it for descending."""
    if not isinstance(sorts, list | tuple) or len(sorts) > 1:
        raise bad_request(f"{PROBLEM} Only one sort is allowed.")
    if not sorts:
        return "", False
    if isinstance(sorts[0], Mapping):
        name, direction = sorts[0].get("propertyName"), sorts[0].get("direction", "ASCENDING")
    else:
        name, direction = str(sorts[0]).lstrip("-"), "DESCENDING" if str(sorts[0]).startswith("-") else "ASCENDING"
    if str(name) not in catalog.properties or str(direction) not in {"ASCENDING", "DESCENDING"}:
        raise bad_request(PROBLEM, errors=[{"message": f"Cannot sort by {name} {direction}", "code": "INVALID_SORT"}])
    return str(name), direction == "DESCENDING"


def _sort_key(kind: Kind, catalog: Catalog, name: str) -> Callable[[Entry], Any]:
    if name == "hs_object_id":
        return lambda entry: entry.id
    if name == kind.stamp:
        return lambda entry: entry.updated
    if name == kind.created:
        return lambda entry: entry.created
    read = _reader(catalog, name)

    def key(entry: Entry) -> tuple[bool, Any]:
        text = entry.values.get(name)
        return (True, 0) if text is None else (False, read(text))

    return key


def _page(given: Mapping[str, Any], most: int) -> tuple[int, int]:
    try:
        limit, after = int(given.get("limit") or 10), int(given.get("after") or 0)
    except (TypeError, ValueError, OverflowError) as error:
        raise bad_request(f"{PROBLEM} limit and after must be whole numbers.") from error
    if not 1 <= limit <= LARGEST_PAGE:
        raise bad_request(f"{PROBLEM} limit must be from 1 to {LARGEST_PAGE}.")
    if after < 0 or after + limit > MOST_ROWS:
        raise beyond()
    return min(limit, most), after


def beyond() -> ApiError:
    """Return the 400 of a page beyond the 10,000 rows that one search can reach."""
    return bad_request(f"{PROBLEM} Paging beyond {MOST_ROWS} results is not supported.")


def _spoken_of(kind: Kind, entry: Entry, words: tuple[str, ...]) -> bool:
    text = " ".join(entry.values.get(name, "") for name in kind.searched).lower()
    tokens = _WORDS.findall(text)
    return all(word in text or any(token.startswith(word) for token in tokens) for word in words)
