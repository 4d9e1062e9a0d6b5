"""Scores, grid and temperature as JSON Schema."""

from __future__ import annotations

from leadline.rules.reading import bands, grids, scores
from leadline.rules.schema.conditions import condition
from leadline.rules.schema.shapes import DURATION, Schema, count, mapping, named, ref, said, whole


def scores_section() -> Schema:
    """Return the section ``scores``."""
    ends = {"anyOf": [ref("number"), {"type": "null"}]}
    shapes: dict[str, Schema] = {
        "criteria": said("What gives points, by name.", named(ref("criterion"))),
        "between": said(
            "The lowest and the highest points, such as [0, 100].",
            {"type": "array", "items": ends, "minItems": 2, "maxItems": 2},
        ),
        "groups": said("The most points that criteria of one group give together.", named(_above_nothing())),
        "grades": said("The least points of each grade.", named(ref("number"))),
    }
    return mapping(scores.SCORE_KEYS, shapes, ("criteria",))


def criterion() -> Schema:
    """Return one criterion: exactly one way to say when it counts, and what belongs to that way."""
    shapes: dict[str, Schema] = {
        "points": said(
            "Points, or points by band: of a number field, or of how often an activity is counted.",
            {"anyOf": [_points(), _bands(), _counted()]},
        ),
        "when": said("Counts while this is true.", condition("criterion")),
        "each": said("Counts every time this activity happened.", ref("text")),
        "first": said("Counts the first time this activity happened.", ref("text")),
        "latest": said("Counts the latest time this activity happened.", ref("text")),
        "count": said("How often this activity happened chooses a band of `points`.", ref("text")),
        "distinct_days": said("On how many days it happened: points each day, or a band.", ref("text")),
        "within": said("Counts only what happened so long ago at most.", DURATION),
        "at_most": said("Counts so many times at most, the latest ones.", count(highest=100_000)),
        "up_to": said("The most points that this gives.", _above_nothing()),
        "decay": said(
            "Loses points as time passes.",
            mapping(scores.DECAY_KEYS, {"by": ref("percent"), "every": DURATION}, scores.DECAY_KEYS),
        ),
        "group": said("A group of this score, whose points are limited together.", ref("text")),
        "disqualify": said("Takes the person out for this reason while `when` is true.", ref("text")),
    }
    ways: list[Schema] = [{"required": [name]} for name in ("when", *scores.MATCHES)]
    by_count: Schema = {"anyOf": [{"required": [name]} for name in scores.COUNTED]}
    ways.append({"not": by_count, "required": ["points"], "properties": {"points": {"type": "object"}}})
    activity: Schema = {"anyOf": [{"required": [name]} for name in scores.MATCHES]}
    return {
        **mapping(scores.CRITERION_KEYS, shapes),
        "oneOf": ways,
        "dependentSchemas": {
            **{name: activity for name in scores.ONLY_ACTIVITIES if name != "at_most"},
            "at_most": {"anyOf": [{"required": ["each"]}, {"required": ["distinct_days"]}]},
        },
        "allOf": [
            {
                "if": {"required": [match], "properties": {"points": {"type": kind}}},
                "then": {"not": {"anyOf": [{"required": [name]} for name in names]}},
            }
            for match, kind, names in (
                ("count", ["number", "object"], ("at_most", "decay")),
                ("distinct_days", ["number", "object"], ("decay",)),
                ("distinct_days", ["object"], ("at_most",)),
            )
        ]
        + [
            {"if": {"required": ["count"]}, "then": {"properties": {"points": _counted()}}},
            {"if": by_count, "then": {"properties": {"points": {"anyOf": [_points(), _counted()]}}}},
        ],
        "if": {"required": ["disqualify"]},
        "then": {"maxProperties": 2},
        "else": {"required": ["points"]},
    }


def grid_section() -> Schema:
    """Return the section ``grid``."""
    shapes = {key: ref("text") for key in grids.KEYS}
    return mapping(grids.KEYS, shapes, grids.KEYS)


def temperature_section() -> Schema:
    """Return the section ``temperature``."""
    cells = said(f"Cells of the grid, or `{grids.OTHERWISE}` for the rest.", ref("texts"))
    return named(cells)


def _above_nothing() -> Schema:
    return {"type": "number", "exclusiveMinimum": 0}


def _points() -> Schema:
    return {"type": "number", "minimum": -1_000_000, "maximum": 1_000_000}


def _counted() -> Schema:
    """Return the bands of a number of times or days, which is whole."""
    band = "|".join(shape[0].pattern for shape in bands.SHAPES).replace(bands.NUMBER, "-?[0-9]{1,20}(?:[.]0{1,10})?")
    return _by_band(band)


def _by_band(band: str) -> Schema:
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": whole(band)},
        "additionalProperties": ref("number"),
    }


def _bands() -> Schema:
    band = "|".join(shape[0].pattern for shape in bands.SHAPES)
    of_a_field = {key: value for key, value in _by_band(band).items() if key != "minProperties"}
    return {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": of_a_field}
