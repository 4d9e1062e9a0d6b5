"""Checks of capacities and rotas: those that stop or give nothing, and people whom no part is for."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.common.errors import Problem
from leadline.rules.causes import every_action
from leadline.rules.check.finding import warning
from leadline.rules.exits import exits
from leadline.rules.model import AssignOwner, Book, Capacity, Rota
from leadline.rules.model.accounts import OWNER_TEAM
from leadline.rules.model.actions import OTHERWISE


def check_allocation(book: Book) -> Iterator[Problem]:
    """Yield capacities that stop nobody or part nobody, rotas that nothing asks, and parts that are asked in vain."""
    for capacity in book.capacity.values():
        yield from _capacity(book, capacity)
    assigned = [item for item in every_action(book) if isinstance(item, AssignOwner)]
    for rota in book.rotas.values():
        if all(item.rota != rota.name for item in assigned):
            message = f"no action takes turns of the rota `{rota.name}`"
            yield warning(rota.mark, "no-effect", message, f"use it: {{assign: {{rota: {rota.name}}}}}")
    for item in assigned:
        if item.rota is not None and item.rota in book.rotas:
            yield from _asked(book.rotas[item.rota], item)


def _capacity(book: Book, capacity: Capacity) -> Iterator[Problem]:
    from_stages = [
        name
        for name in book.stages
        if any(way.needs_room(book) and way.target == capacity.stage for way in exits(book, name))
    ]
    if not from_stages:
        message = f"no rule leads into `{capacity.stage}`, so its capacity stops nobody"
        yield warning(capacity.mark, "no-effect", message, "people who are set there by hand need no place")
    elif capacity.per == OWNER_TEAM and all(book.stages[name].owner is None for name in from_stages):
        message = f"no stage from which people wait for `{capacity.stage}` has an `owner`, so all share the places"
        yield warning(capacity.mark, "no-effect", message, "give these stages an `owner`, or leave out `per`")


def _asked(rota: Rota, assign: AssignOwner) -> Iterator[Problem]:
    parts = [name for name in rota.members if name != OTHERWISE]
    if assign.by is not None and not parts:
        message = f"the rota `{rota.name}` has no parts among which `{assign.by}` could choose"
        yield warning(assign.mark, "no-effect", message, "leave out `by`, or give the rota lists by part")
    elif OTHERWISE not in rota.members:
        whom = "nobody" if assign.by is None else f"nobody but for {', '.join(f'`{name}`' for name in parts)}"
        message = f"the rota `{rota.name}` has no `{OTHERWISE}`: there is {whom}"
        yield warning(assign.mark, "assign", message, f"add `{OTHERWISE}`, for every other value and for none")
    elif assign.by is None and parts:
        message = f"without `by` only `{OTHERWISE}` of the rota `{rota.name}` takes turns"
        yield warning(assign.mark, "no-effect", message, "say with `by` which field chooses the part")
