"""The section ``rates``: a table of the book that says what a unit of each currency is worth in a common one."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from leadline.common.yamltree import Node
from leadline.rules.dates import number_text
from leadline.rules.reading.fields import CODE
from leadline.rules.reading.lists import Lists
from leadline.rules.reading.report import Report, short


def read_rates(report: Report, node: Node, lists: Lists) -> Mapping[str, Decimal]:
    """Return code -> worth; what is wrong in the table is noted where it is named."""
    file = report.text(node, "`rates`")
    rows = lists.table(file, node.mark) if file is not None else None
    rates: dict[str, Decimal] = {}
    for code, text in (rows or {}).items():
        worth = number_text(text)
        if not CODE.fullmatch(code.upper()):
            report.add(node.mark, f"`{short(code)}` in {file} is no currency such as EUR", code="currency")
        elif worth is None or worth <= 0:
            report.add(node.mark, f"the rate of {code.upper()} in {file} is no number above 0", code="currency")
        else:
            rates[code.upper()] = worth
    return rates
