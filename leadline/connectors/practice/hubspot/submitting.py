"""Submitting a form, as a website does: the public endpoint, without a token."""

from __future__ import annotations

import uuid
from bisect import insort
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from leadline.connectors.practice.hubspot.answers import ApiError
from leadline.connectors.practice.hubspot.gate import body_of
from leadline.connectors.practice.hubspot.kinds import kind_of
from leadline.connectors.practice.hubspot.portal import Portal, Submission
from leadline.connectors.practice.hubspot.records import Source

_FORM = Source("FORM", "FORM")


class Submitting:
    """The handler of ``/submissions/v3/integration/submit``."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    async def submit(self, request: Request) -> Response:
        """POST one submission: kept under its form; an address that nobody has makes a new contact."""
        guid = request.path_params["id"]
        if request.path_params["portal"] != str(self.portal.id) or guid not in self.portal.forms:
            return _refused(404, "FORM_NOT_FOUND", "The form is not found")
        try:
            body = await body_of(request)
        except ApiError:
            return _refused(400, "MALFORMED_JSON", "The request is not valid JSON")
        given = _values(body)
        email = given.get("email", "").strip()
        if "@" not in email.strip("@"):
            return _refused(
                400, "INVALID_EMAIL" if email else "REQUIRED_FIELD", "The field 'email' is not an address"
            )
        context = body.get("context")
        url = str(context.get("pageUri") or "") if isinstance(context, Mapping) else ""
        kept = self.portal.submissions.setdefault(guid, [])
        number = f"leadline:practice:submitted:{guid}:{len(kept)}:{self.portal.now()}"
        made = Submission(guid, self.portal.now(), email, url, str(uuid.uuid5(uuid.NAMESPACE_URL, number)))
        insort(kept, made, key=lambda one: one.at)
        self._know(email, given)
        return JSONResponse({"inlineMessage": "Thank you"})

    def _know(self, email: str, given: Mapping[str, str]) -> None:
        """Fill in what a contact lacks, or make the contact."""
        contact = kind_of("contacts")
        assert contact is not None
        check = self.portal.catalogs[contact.singular].check
        values = {name: value for name, value in given.items() if value and check(name, value) is None}
        row = self.portal.table(contact).live(email.lower(), by="email")
        if row is None:
            self.portal.create(contact, {**values, "email": email.lower()}, _FORM)
        else:
            self.portal.update(contact, row, {k: v for k, v in values.items() if k != "email"}, _FORM)


def _values(body: Any) -> dict[str, str]:
    fields = body.get("fields") if isinstance(body, Mapping) else None
    listed = [one for one in fields if isinstance(one, Mapping)] if isinstance(fields, list) else []
    return {str(one.get("name")): str(one.get("value") or "") for one in listed}


def _refused(status: int, kind: str, message: str) -> JSONResponse:
    errors = [{"message": message, "errorType": kind}]
    return JSONResponse({"status": "error", "message": message, "errors": errors}, status)
