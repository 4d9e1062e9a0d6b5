"""What is around a book's own needs: sharing, limits, clocks, and who else listens or writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from leadline.common.folding import fold
from leadline.connectors.inspecting import Listener
from leadline.sync.doctor.findings import Finding, finding
from leadline.sync.doctor.looking import Seen
from leadline.sync.doctor.needing import Need

SKEW: Final = timedelta(seconds=30)
"""A clock that differs by less needs no attention: Date headers are whole seconds, and calls take time."""

BUSY: Final = 0.5
"""The share of the day's calls above which an admin should look who calls so much."""

_PLACES: Final[Mapping[str, str]] = {
    "flow": "Flows",
    "workflow": "Workflow Rules",
    "validation rule": "Object Manager > Validation Rules",
    "duplicate rule": "Duplicate Rules",
    "assignment rule": "Lead Assignment Rules",
    "trigger": "Apex Triggers",
    "connector": "Installed Packages",
}
"""Where Salesforce's Setup shows each kind of automation."""

_ALL: Final = frozenset(
    {"ReadWrite", "ReadWriteTransfer", "FullAccess", "ControlledByParent", "ControlledByCampaign"}
)
"""Defaults of sharing under which everybody edits every record, or as much as its parent allows."""


def surroundings(needs: Sequence[Need], told: Seen, machines: Sequence[str], share: float) -> Iterator[Finding]:
    """Yield findings that no single need causes. ``share`` is the ``quota_share`` of leadline.yml."""
    for part, reason in told.unasked.items():
        yield finding("cannot-ask", told.crm, part, f"{part} cannot be asked for: {reason}")
    yield from _versions(told)
    yield from _clock(told)
    yield from _quota(told, share)
    yield from _machine(told, machines)
    yield from _sharing(needs, told)
    yield from _listeners(needs, told)


def _versions(told: Seen) -> Iterator[Finding]:
    signed = told.signed
    if signed is not None and signed.versions and signed.version not in signed.versions:
        newest = signed.versions[-1]
        message = f"version {signed.version} of the API is not offered; the newest is {newest}"
        yield finding("version-gone", told.crm, f"version {signed.version}", message, value=f'"{newest}"')


def _clock(told: Seen) -> Iterator[Finding]:
    took = told.signed.round_trip if told.signed is not None else timedelta(0)
    if abs(told.skew) > SKEW + took:
        seconds = round(told.skew.total_seconds())
        word = "ahead of" if seconds > 0 else "behind"
        message = f"this machine's clock is {abs(seconds):,} s {word} the CRM's"
        yield finding("clock-skew", told.crm, "clock", message)


def _quota(told: Seen, share: float) -> Iterator[Finding]:
    used, most = told.usage.used, told.usage.limit
    if used is None or not most:
        return
    message = f"{used:,} of the day's {most:,} calls are used, by everybody"
    if used >= share * most:
        yield finding("quota-used", told.crm, "calls", message)
    elif used >= BUSY * most:
        yield finding("quota-busy", told.crm, "calls", message)


def _machine(told: Seen, machines: Sequence[str]) -> Iterator[Finding]:
    user = told.signed.user if told.signed is not None else ""
    if user and fold(user) not in {fold(name) for name in machines}:
        yield finding("user-not-machine", told.crm, user, f"{user} is not among the machines", name=user)


def _sharing(needs: Sequence[Need], told: Seen) -> Iterator[Finding]:
    edited = {need.object for need in needs if need.kind in {"edit", "write"}}
    for name, one in told.sharing.items():
        told_so = {"object": name, "value": one.default}
        if one.default == "Private" and not one.sees_all:
            message = f"the default of sharing for {name} is Private, and the user has no View All that could be seen"
            yield finding("records-hidden", told.crm, name, message, **told_so)
        if name in edited and one.default not in _ALL and not one.edits_all:
            message = f"the default of sharing for {name} is {one.default}, and the user has no Modify All"
            yield finding("records-not-editable", told.crm, name, message, **told_so)


def _listeners(needs: Sequence[Need], told: Seen) -> Iterator[Finding]:
    written = {(need.object, need.name) for need in needs if need.kind in {"write", "set"}}
    for listener in told.listening.found:
        yield from _listener(listener, written, told)
    for kind, reason in told.listening.untold.items():
        yield finding("automation-untold", told.crm, kind, f"{kind}: {reason}")
    if ("contact", "lifecyclestage") in written:
        yield finding("lifecycle-sync", told.crm, "contact.lifecyclestage", "HubSpot moves this stage too")


def _listener(one: Listener, written: set[tuple[str, str]], told: Seen) -> Iterator[Finding]:
    subject = f"{one.kind} {one.name}"
    here = {"object": one.object, "name": one.name, "value": _PLACES[one.kind]}
    if one.kind == "connector":
        yield finding("vendor-connector", told.crm, subject, f"the package {one.name} is installed", **here)
        return
    if one.kind == "assignment rule":
        yield finding("assignment-rule", told.crm, subject, f"{one.name} is active on {one.object}", **here)
        return
    named = sorted(field for field in one.fields or () if (one.object, field) in written)
    if named:
        ident = "validation-listens" if one.kind == "validation rule" else "automation-listens"
        message = f"the {one.kind} {one.name} on {one.object} names {', '.join(named)}"
        yield finding(ident, told.crm, subject, message, **here)
    elif one.any_change:
        message = f"the {one.kind} {one.name} runs whenever {one.object} changes"
        yield finding("automation-runs", told.crm, subject, message, **here)
    elif one.fields is None:
        message = f"the {one.kind} {one.name} on {one.object} is on, and its inside is not shown"
        yield finding("automation-unread", told.crm, subject, message, **here)
