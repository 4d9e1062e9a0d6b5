"""``leadline calendars``: hours that stand elsewhere, as the section `calendars` of a rule book."""

from __future__ import annotations

from pathlib import Path

import click

from leadline.common.errors import UsageError
from leadline.terminal.screen import Screen
from leadline.verbs.options import FILE, json_option


@click.group(short_help="Bring business hours from elsewhere.")
def calendars() -> None:
    """Bring business hours from elsewhere into a rule book. Asks no CRM."""


@calendars.command(name="import", short_help="Salesforce's business hours as calendars.")
@click.argument("file", type=FILE, help='JSON of Salesforce\'s records: {"BusinessHours": [...], "Holiday": [...]}.')
@click.option("-o", "--output", "out", type=FILE, help="Write the section to this new file, to be included.")
@click.option(
    "--years", default="2020-2035", show_default=True, help="For which years recurring holidays become dates."
)
@click.option("--no-holidays", "no_holidays", is_flag=True, help="Leave the holidays out: name a country yourself.")
@json_option
def import_(file: Path, out: Path | None, years: str, no_holidays: bool, as_json: bool) -> None:
    """Print the BusinessHours and Holiday records in FILE as the section `calendars` of a rule book.

    Salesforce does not say which holidays belong to which hours: each calendar gets them all.
    """
    from leadline.terminal.calendars import import_calendars

    first, _, last = years.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 2000 <= int(first) <= int(last) <= 2060):
        raise UsageError("--years is two years from 2000 to 2060, such as 2020-2035")
    text, names = import_calendars(file, range(int(first), int(last) + 1), with_holidays=not no_holidays)
    if out is not None:
        try:
            with out.open("x", encoding="utf-8") as stream:
                stream.write(text)
        except OSError as error:
            raise UsageError(f"{out}: cannot be written: {error.strerror}") from None
    where = str(out) if out is not None else None
    Screen(as_json=as_json).result(
        {"ok": True, "calendars": names, "output": where, "yaml": text},
        lambda console: console.print(
            text.rstrip() if out is None else f"{out}: {len(names)} calendars. Name it under `include`.",
            markup=False, highlight=False, soft_wrap=True,
        ),
    )  # fmt: skip
