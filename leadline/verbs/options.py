"""Options and types of values that several verbs share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

FILE: Final = click.Path(path_type=Path, dir_okay=False)
DIRECTORY: Final = click.Path(path_type=Path, file_okay=False)
TABLE: Final = click.Path(path_type=Path)
"""A file of rows, or a directory of Parquet files."""


class Instant(click.ParamType[datetime]):
    """An ISO instant, in UTC where it names no zone; becomes an aware UTC ``datetime``."""

    name = "INSTANT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the text, or tell click what is wrong with it."""
        from leadline.common.instants import read_instant

        if isinstance(value, datetime):
            return value
        try:
            return read_instant(str(value))[0]
        except ValueError as error:
            self.fail(str(error), param, ctx)


json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
config_option = click.option(
    "-c", "--config", "config", type=FILE, default=Path("leadline.yml"), show_default=True, envvar="LEADLINE_CONFIG",
    help="Where the CRMs, the rule book and the state are.",
)  # fmt: skip
