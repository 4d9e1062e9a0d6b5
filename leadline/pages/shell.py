"""The page around every report: one self-contained file, no script, light and dark, for 360 px and for paper.

Templates live in ``templates/``. Everything a template prints is escaped, but what the charts return as ``Markup``.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from leadline.common.errors import UsageError


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the one Jinja2 environment: it escapes, and a name that nobody gave is a fault."""
    return Environment(
        loader=PackageLoader("leadline.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_page(template: str, /, **values: Any) -> str:
    """Return a page; ``template`` names a file of ``templates/`` that extends ``shell.html``."""
    return environment().get_template(template).render(**values)


def write_page(path: Path, text: str) -> None:
    """Write a page as UTF-8. Raises UsageError where it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
