"""Labels of calls, and what each call is for: so that calls can be counted, and faults aimed, by either."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from starlette.routing import Route
from starlette.types import Scope

_SAYS_WHICH: Final = ("object_type", "from_type", "to_type")
_PURPOSES: Final = (
    # (pattern of the label, purpose); the first that fits
    (r"POST /oauth/v1/token$|GET /oauth/", "login"),
    (r".* /crm/v3/(properties|pipelines)/|GET /calling/|.*/labels$|GET /events/v3/events/event-types", "describe"),
    (r"POST /crm/v3/objects/[^/]+/search$", "search"),
    (r"POST /crm/v3/objects/[^/]+/batch/read$", "batch_read"),
    (r"POST /crm/v3/objects/[^/]+/batch/", "batch_write"),
    (r"GET /crm/v3/objects/[^/]+$", "list"),
    (r".* /crm/v3/objects/", "crud"),
    (r".* /crm/v4/", "associations"),
    (r"GET /events/", "events"),
    (r"GET /email/", "email_events"),
    (r"GET /(marketing/v3/forms|form-integrations)|POST /submissions/", "forms"),
    (r".* /crm/v3/lists/", "lists"),
    (r"GET /crm/v3/owners", "owners"),
    (r"GET /account-info/", "account"),
)  # fmt: skip
_COMPILED: Final = tuple((re.compile(pattern), purpose) for pattern, purpose in _PURPOSES)


def endpoint_labels(routes: Sequence[Route]) -> Callable[[Scope], str]:
    """Return the function that labels a call ``METHOD /path``: object types as given, ids by their parameter's name.

    A path that no route knows is labelled ``METHOD unknown``: it may hold somebody's address.
    """
    known = [(route.path_regex, route.path, route.methods or set()) for route in routes]

    def label(scope: Scope) -> str:
        for pattern, path, methods in known:
            found = pattern.match(scope["path"])
            if found is not None and scope["method"] in methods:
                return f"{scope['method']} {_filled(path, found.groupdict())}"
        return f"{scope['method']} unknown"

    return label


def purpose(label: str) -> str:
    """Tell what a labelled call is for.

    One of login, describe, search, list, batch_read, batch_write, crud, associations, events, email_events, forms,
    lists, owners, account and other.
    """
    return next((purpose for pattern, purpose in _COMPILED if pattern.match(label)), "other")


def _filled(path: str, given: Mapping[str, Any]) -> str:
    for name in _SAYS_WHICH:
        path = path.replace(f"{{{name}}}", str(given.get(name)))
    return path
