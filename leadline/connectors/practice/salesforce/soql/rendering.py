"""Rows as a query answers them: attributes, selected fields, nested parents and children."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from leadline.connectors.practice.salesforce.schema import Field
from leadline.connectors.practice.salesforce.soql.resolving import Getter, Resolved, Scope
from leadline.connectors.practice.salesforce.soql.syntax import Query, SelectValue
from leadline.connectors.practice.salesforce.store import Row
from leadline.connectors.practice.salesforce.values import as_json

Cell = Callable[[Row], Any]


@dataclass(slots=True)
class _Parent:
    """A nested record on the way of one or more selected paths; getters work on the outermost row."""

    step: Field
    link: Getter
    cells: dict[str, Any] = field(default_factory=dict)


class Rendering:
    """How the rows of one scope are shown."""

    def __init__(self, scope: Scope, version: str, children: Callable[[Query], tuple[str, Field, Any]]) -> None:
        self._scope = scope
        self._url = f"/services/data/v{version}/sobjects/"
        self._cells: dict[str, Any] = {}
        self._name = scope.target.name
        columns: list[tuple[str, Getter]] = []
        for item in scope.query.select:
            if isinstance(item, SelectValue):
                found = scope.resolve(item.operand)
                self._place(item, found)
                columns.append((item.alias or ".".join(found.names), found.get))
            else:
                name, lookup, run = children(item)
                self._cells[name] = self._children(lookup, run, version)
        self.columns = tuple(columns)

    def render(self, row: Row) -> dict[str, Any]:
        """Return a row as JSON."""
        attributes = {"type": self._name, "url": f"{self._url}{self._name}/{row['Id']}"}
        return {"attributes": attributes, **self._shown(self._cells, row)}

    def _shown(self, cells: dict[str, Any], row: Row) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name, cell in cells.items():
            shown[name] = self._parent(cell, row) if isinstance(cell, _Parent) else cell(row)
        return shown

    def _parent(self, parent: _Parent, row: Row) -> dict[str, Any] | None:
        identifier = parent.link(row)
        owner = self._scope.store.schema.of_id(identifier) if identifier else None
        if owner is None or self._scope.store.get(owner.name, identifier) is None:
            return None
        kind = "Name" if len(parent.step.references) > 1 else owner.name
        attributes = {"type": kind, "url": f"{self._url}{owner.name}/{identifier}"}
        return {"attributes": attributes, **self._shown(parent.cells, row)}

    def _place(self, item: SelectValue, found: Resolved) -> None:
        cells, names = self._cells, found.names
        for depth, step in enumerate(found.steps):
            name = step.relationship or ""
            if name not in cells:
                cells[name] = _Parent(step, self._link(found.steps[: depth + 1]))
            cells = cells[name].cells
        name = item.alias or names[-1]
        if name in cells:
            raise self._scope.refuse(item.operand, f"duplicate field selected: {name}", "MALFORMED_QUERY")
        get = found.get
        cells[name] = lambda row: as_json(get(row))

    def _link(self, steps: tuple[Field, ...]) -> Getter:
        """Return what gives the id of the record at the end of ``steps``."""
        find, last = self._scope.store.find, steps[-1].name
        before = [step.name for step in steps[:-1]]

        def link(row: Row) -> Any:
            at: Row | None = row
            for name in before:
                identifier = None if at is None else at.get(name)
                at = find(identifier) if identifier else None
            return None if at is None else at.get(last)

        return link

    def _children(self, lookup: Field, run: Any, version: str) -> Cell:
        """Return what gives a row's children, sorted by parent now, so that a bad sub-query is refused at once."""
        rendering = Rendering(run.scope, version, run.children)
        by_parent: dict[str, list[Row]] = {}
        for child in run.children_rows():
            by_parent.setdefault(child.get(lookup.name) or "", []).append(child)

        def cell(row: Row) -> Any:
            found = run.cut(by_parent.get(row["Id"], []))
            if not found:
                return None
            return {"totalSize": len(found), "done": True, "records": [rendering.render(child) for child in found]}

        return cell
