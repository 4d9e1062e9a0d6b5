"""The page beside an export that says what its tables and columns mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_LIE: Final = {
    "bucket": "by bucket of accounts: `bucket=0000/`, ...; whatever is known of one account is in one bucket",
    "month": "by month in UTC: `month=2026-03/`, ...",
    "object": "by object: `crm=salesforce/object=Lead/`, ...",
}
_MASKED: Final = (
    "Texts of fields are masked. What the book asks of them (words, endings, domains, its own values) is answered as "
    "before, but for patterns and counts of distinct values. `--personal-data` writes them as they are.\n\n"
)
_UNITS: Final = (
    "`schema.json` says the same for machines. Instants are in UTC, with microseconds; months are those of UTC. An "
    "empty cell is unknown. Numbers have ten decimal places; money is in the currency of its field.\n\n"
)


def readme_text(document: Mapping[str, Any]) -> str:
    """Return the page for what ``schema.json`` says."""
    since = f" Rows of dated tables before {document['since']} are left out." if document["since"] else ""
    told = f"State as of cycle {document['cycle']}, in the names of the book `{document['book']}`.{since}\n\n"
    parts = ["# An export of Leadline\n\n", told, _UNITS, "" if document["personal_data"] else _MASKED]
    for name, table in document["tables"].items():
        about = f"{table['about'][0].upper()}{table['about'][1:]}."
        parts.append(f"## {name}\n\n{about} {table['rows']:,} rows, {_LIE[table['files']]}.\n\n")
        parts.append("| column | type | meaning |\n|---|---|---|\n")
        parts += [f"| `{one['name']}` | {one['type']} | {one['about']} |\n" for one in table["columns"]]
        parts.append("\n")
    return "".join(parts)
