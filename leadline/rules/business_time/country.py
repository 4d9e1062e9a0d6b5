"""Public holidays of a country or region, as dates. The one place that asks the `holidays` package."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from leadline.common.yamltree import Node, Scalar
from leadline.rules.nearest import nearest
from leadline.rules.reading.report import Report, short

NONE = "none"


def read_holidays(report: Report, node: Node, years: range) -> tuple[date, ...]:
    """Return the dates that ``holidays`` names: ``DE``, ``{country: DE, region: BE}``, a list of them or ``none``."""
    if isinstance(node, Scalar) and node.text == NONE:
        return ()
    return tuple(sorted({day for item in report.items(node) for day in _of(report, item, years)}))


def _of(report: Report, node: Node, years: range) -> tuple[date, ...]:
    keys = None if isinstance(node, Scalar) else report.keys(node, ("country", "region"), "`holidays`")
    if keys is None and not isinstance(node, Scalar):
        return ()
    named = node if keys is None else report.required(keys, "country", node.mark, "`holidays`")
    country = report.text(named, "the country of `holidays`") if named is not None else None
    if country is None or named is None:
        return ()
    countries = _countries()
    if country not in countries:
        hint = nearest(country, countries) or "a code of two letters, such as DE"
        report.add(named.mark, f"no holidays are known of a country `{short(country)}`", hint, "unknown-name")
        return ()
    if keys is None or "region" not in keys:
        return country_holidays(country, None, years)
    region = report.choice(keys["region"].value, countries[country], f"`region` of {country}")
    return country_holidays(country, region, years) if region is not None else ()


@lru_cache(maxsize=256)
def country_holidays(country: str, region: str | None, years: range) -> tuple[date, ...]:
    """Return the public holidays of ``years`` as this version of the `holidays` package knows them, sorted."""
    import holidays

    found = holidays.country_holidays(country, subdiv=region, years=years)
    return tuple(sorted(day for day in found if day.year in years))


@lru_cache(maxsize=1)
def _countries() -> dict[str, list[str]]:
    import holidays

    return holidays.list_supported_countries(include_aliases=True)
