"""``include:`` in a rule book: which other files belong to it. Reading from disk and reading the book agree here."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from leadline.common.yamltree import MappingNode, Node, Scalar, SequenceNode

INCLUDE: Final = "include"
ENDINGS: Final = (".yml", ".yaml")
RESERVED: Final = ("lists", "tests")
"""Folders of a book that hold something else."""


def included(tree: Node) -> tuple[Scalar, ...]:
    """Return the file names that a parsed file includes, as written, in order; what is no text is left out."""
    node = tree.get(INCLUDE) if isinstance(tree, MappingNode) else None
    items = node.items if isinstance(node, SequenceNode) else (node,)
    return tuple(item for item in items if isinstance(item, Scalar) and item.text.strip())


def refusal(name: str, configuration: str = "leadline.yml") -> tuple[str, str] | None:
    """Return why a file of this name cannot be included, and what to write; None where it can.

    Names are relative to the book's directory, with forward slashes, and stay inside it.
    """
    parts = name.split("/")
    if name.startswith(("/", "~")) or "\\" in name or ":" in name:
        return "a file is included by its name relative to the book's directory", "such as parts/scores.yml"
    if any(part in {"", ".", ".."} or part != part.strip() for part in parts) or not name.isprintable():
        return "an included file lies inside the book's directory", "such as parts/scores.yml"
    if not name.endswith(ENDINGS) or PurePosixPath(name).stem == "":
        return "an included file is a YAML file", "such as parts/scores.yml"
    if parts[0] in RESERVED or name == configuration:
        return f"`{parts[0]}` is no place for rules", "put it beside rules.yml, or in a folder such as parts"
    return None
