"""Slow-moving tables of a portal, read once for a connector's life: owners and call outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from typing import Any, Final

from leadline.common.errors import PermissionMissingError
from leadline.connectors.hubspot.client import ApiObjects, HubSpotClient, Row, raw, results_of
from leadline.connectors.protocol import User

_PAGE: Final = 500


class Owners:
    """Who HubSpot's users are. Calls: max(1, ceil(owners / 500)), at the first question."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client

    def email_of_user(self, user: Any) -> str:
        """Return a user's e-mail address, "" for an unknown user or without the scope crm.objects.owners.read."""
        return self._by_user.get(str(user), "") if user is not None else ""

    @cached_property
    def users(self) -> tuple[User, ...]:
        """Everybody who can own records, deactivated ones and queues too, in order of id."""
        found = [_user(row, active=True) for row in self._active]
        found += [_user(row, active=False) for row in self._rows(archived=True)]
        return tuple(sorted(found, key=lambda user: int(user.id)))

    @cached_property
    def _by_user(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        try:
            for owner in self._active:
                user = owner.get("userId") or owner.get("userIdIncludingInactive")
                if user is not None:
                    found[str(user)] = str(owner.get("email") or "")
        except PermissionMissingError:
            return {}
        return found

    @cached_property
    def _active(self) -> tuple[Row, ...]:
        return tuple(self._rows(archived=False))

    def _rows(self, *, archived: bool) -> Iterator[Row]:
        for answer in self._client.pages("read", partial(_page_of_owners, archived=archived)):
            yield from results_of(answer, "for owners")


def _user(row: Row, *, active: bool) -> User:
    name = " ".join(str(row[part]) for part in ("firstName", "lastName") if row.get(part))
    return User(str(row["id"]), str(row.get("email") or ""), name, active, row.get("type") == "QUEUE")


def _page_of_owners(apis: ApiObjects, **more: Any) -> Any:
    return apis.owners.get_page(limit=_PAGE, **raw(**more))


class CallOutcomes:
    """Labels of call outcomes: a call holds an id only. One call, at the first question."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client

    def label(self, ident: Any) -> Any:
        """Return the label of an outcome's id; an unknown id stays as it is, nothing is None."""
        return self._labels.get(str(ident), ident) if ident else None

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        listed = self._client.get("/calling/v1/dispositions", "read")
        return {str(item["id"]): str(item["label"]) for item in listed if isinstance(item, Mapping) and "id" in item}
