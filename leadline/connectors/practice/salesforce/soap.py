"""The little SOAP that the practice organisation speaks: login, logout, convertLead, merge, undelete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from leadline.connectors.practice.credentials import Credentials
from leadline.connectors.practice.salesforce.answers import Answer, ApiError, RecordError
from leadline.connectors.practice.salesforce.login import active_user
from leadline.connectors.practice.salesforce.org import Org, Session
from leadline.connectors.practice.salesforce.transforming import Transformer

LOGIN_ENDS: Final = 65.0  # from this API version on there is no SOAP login
_LONGEST: Final = 100_000  # bytes of an envelope


def soap(org: Org, base: str, version: str, body: bytes) -> Answer:
    """Answer ``POST /services/Soap/u/{version}``; what goes wrong is a SOAP fault with status 500."""
    tree = _read(body)
    if tree is None:
        return _fault("soapenv:Client", "UNKNOWN_EXCEPTION", "the envelope cannot be read")
    request = next(iter(_children(_first(tree, "Body"))), None)
    name = "" if request is None else _local(request)
    if request is not None and name == "login":
        return _login(org, base, version, request)
    token = _text(_first(tree, "Header"), "sessionId")
    try:
        session = org.session_of(f"Bearer {token}")
        org.spend()
    except ApiError as error:
        return _fault(f"sf:{error.code}", error.code, error.message)
    if name == "logout":
        org.end_session(token)
        return _envelope("<logoutResponse/>")
    handler = _HANDLERS.get(name)
    if handler is None or request is None:
        return _fault("soapenv:Client", "UNKNOWN_EXCEPTION", "the practice organisation does not speak this request")
    results = "".join(_result(handler, Transformer(org, session.user), item) for item in _children(request))
    return _envelope(f"<{name}Response>{results}</{name}Response>")


def _login(org: Org, base: str, version: str, request: ElementTree.Element) -> Answer:
    if float(version) >= LOGIN_ENDS:
        message = f"SOAP login() is not available in API version {version}"
        return _fault("sf:UNSUPPORTED_API_VERSION", "UNSUPPORTED_API_VERSION", message)
    known = Credentials()
    user = active_user(org, _text(request, "username"))
    wanted = known.salesforce_password + known.salesforce_security_token
    if user is None or _text(request, "password") != wanted:
        message = "INVALID_LOGIN: Invalid username, password, security token; or user locked out."
        return _fault("INVALID_LOGIN", "INVALID_LOGIN", message)
    return _envelope(_login_result(org, base, version, org.open_session(user)))


def _convert(transformer: Transformer, item: ElementTree.Element) -> Mapping[str, str]:
    wants_deal = _text(item, "doNotCreateOpportunity").lower() != "true"
    done = transformer.convert(
        _text(item, "leadId"),
        _text(item, "convertedStatus") or "Qualified",
        account=_text(item, "accountId") or None,
        opportunity=(_text(item, "opportunityName") or "New opportunity") if wants_deal else None,
    )
    ids = {"accountId": done.account, "contactId": done.contact, "leadId": done.lead}
    return {**ids, "opportunityId": done.opportunity or ""}


def _merge(transformer: Transformer, item: ElementTree.Element) -> Mapping[str, str]:
    master = _first(item, "masterRecord")
    others = [child.text or "" for child in item if _local(child) == "recordToMergeIds"]
    merged = transformer.merge(_text(master, "type"), _text(master, "Id"), others)
    return {"id": _text(master, "Id"), "mergedRecordIds": " ".join(merged)}


def _undelete(transformer: Transformer, item: ElementTree.Element) -> Mapping[str, str]:
    return {"id": transformer.undelete(item.text or "")}


_Handler = Callable[[Transformer, ElementTree.Element], Mapping[str, str]]
_HANDLERS: Final[Mapping[str, _Handler]] = {"convertLead": _convert, "merge": _merge, "undelete": _undelete}


def _result(handler: _Handler, transformer: Transformer, item: ElementTree.Element) -> str:
    try:
        values = handler(transformer, item)
    except RecordError as error:
        told = f"<message>{escape(str(error))}</message><statusCode>{error.code}</statusCode>"
        return f"<result><errors>{told}</errors><success>false</success></result>"
    shown = "".join(f"<{name}>{escape(part)}</{name}>" for name, text in values.items() for part in text.split())
    return f"<result>{shown}<success>true</success></result>"


def _login_result(org: Org, base: str, version: str, session: Session) -> str:
    row = org.store.get("User", session.user) or {}
    server = f"{base}/services/Soap/u/{version}/{org.id[:15]}"
    about = {
        "currencySymbol": "\N{EURO SIGN}",
        "organizationId": org.id,
        "organizationMultiCurrency": "false",
        "organizationName": org.name,
        "profileId": "00eHs0000000001AAA",
        "sessionSecondsValid": str(org.options.session_minutes * 60),
        "userEmail": row.get("Email", ""),
        "userFullName": row.get("Name", ""),
        "userId": session.user,
        "userLanguage": "en_US",
        "userLocale": "en_US",
        "userName": row.get("Username", ""),
        "userTimeZone": row.get("TimeZoneSidKey", "GMT"),
        "userType": "Standard",
    }
    info = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in about.items())
    return (
        f"<loginResponse><result><metadataServerUrl>{escape(server.replace('/u/', '/m/'))}</metadataServerUrl>"
        f"<passwordExpired>false</passwordExpired><sandbox>true</sandbox><serverUrl>{escape(server)}</serverUrl>"
        f"<sessionId>{escape(session.token)}</sessionId><userId>{session.user}</userId>"
        f"<userInfo>{info}</userInfo></result></loginResponse>"
    )


def _read(body: bytes) -> ElementTree.Element | None:
    """Return the envelope, or None: entities could explode, so a document type is not read at all."""
    if len(body) > _LONGEST or b"<!" in body.replace(b"<!--", b""):
        return None
    try:
        return ElementTree.fromstring(body)  # noqa: S314 - no document type, bounded length
    except (ElementTree.ParseError, UnicodeDecodeError, LookupError, ValueError):
        return None


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: ElementTree.Element | None) -> list[ElementTree.Element]:
    return [] if element is None else list(element)


def _first(element: ElementTree.Element | None, name: str) -> ElementTree.Element | None:
    return next((child for child in _children(element) if _local(child) == name), None)


def _text(element: ElementTree.Element | None, name: str) -> str:
    if element is None:
        return ""
    return next((found.text or "" for found in element.iter() if _local(found) == name), "")


def _envelope(body: str, status: int = 200) -> Answer:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
        'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" '
        'xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
    return Answer(status, text.encode(), media="text/xml;charset=UTF-8")


def _fault(code: str, exception: str, message: str) -> Answer:
    return _envelope(
        f"<soapenv:Fault><faultcode>{code}</faultcode><faultstring>{escape(message)}</faultstring><detail>"
        f'<sf:LoginFault xsi:type="sf:LoginFault"><sf:exceptionCode>{exception}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{escape(message)}</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault>",
        500,
    )
