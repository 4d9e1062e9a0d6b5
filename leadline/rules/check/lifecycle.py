"""Checks of stages and paths: dead ends, paths that never fire, detours that trap a deal, endless moves."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.common.errors import Problem
from leadline.common.folding import fold
from leadline.rules.check.finding import error, leaves, warning
from leadline.rules.check.reach import Reach, reach
from leadline.rules.model import (
    DEAL_STATE,
    All,
    Book,
    Condition,
    DealsTest,
    DealTest,
    DisqualifiedTest,
    FieldTest,
    Stage,
    StayTest,
    Transition,
)


def check_lifecycle(book: Book) -> Iterator[Problem]:
    """Yield what is wrong with the stages and paths of a book."""
    known = reach(book)
    dead = {transition.id for transition in book.transitions if _never_fires(book, known, transition)}
    yield from _dead_transitions(book, known, dead)
    yield from _shadowed(book)
    ways = _ways(book, known, dead)
    yield from _unreachable(book, ways)
    yield from _no_way_out(book, ways)
    yield from _trapped_deals(book, ways)
    yield from _endless(book, dead)
    yield from _disqualification(book, known)
    yield from _exits(book)


Ways = dict[str, set[str]]


def _condition(book: Book, transition: Transition) -> Condition | None:
    when = transition.when if transition.when is not None else book.stages[transition.target].enter
    return _leaving(book, transition.source, transition.target, when)


def _leaving(book: Book, source: str, target: str, when: Condition | None) -> Condition | None:
    """Return a condition together with the exit criterion of the stage, where the move goes forward."""
    leave = book.stages[source].exit
    if when is None or leave is None or not book.forward(source, target):
        return when
    return All((when, leave))


def _never_fires(book: Book, known: Reach, transition: Transition) -> bool:
    condition = _condition(book, transition)
    return condition is None or known.constant(condition, book.stages[transition.source]) is False


def _dead_transitions(book: Book, known: Reach, dead: set[str]) -> Iterator[Problem]:
    for transition in (item for item in book.transitions if item.id in dead):
        where = f"the path from `{transition.source}` to `{transition.target}`"
        condition = _condition(book, transition)
        stage = book.stages[transition.source]
        if condition is None:
            message = f"{where} never fires: it has no `when`, and `{transition.target}` no `enter`"
            hint = "add `when`, such as {time_in_stage: {at_least: 30d}}"
        elif any(isinstance(leaf, StayTest) for leaf in leaves(condition)) and stage.stay is None:
            message = f"{where} never fires: `{stage.name}` has no `stay`, so everybody may stay"
            hint = f"give `{stage.name}` a `stay`"
        elif any(isinstance(leaf, DisqualifiedTest) for leaf in leaves(condition)) and not known.disqualifies:
            message = f"{where} never fires: no criterion disqualifies"
            hint = "add a criterion with `disqualify`"
        else:
            message = f"{where} never fires: its condition cannot be true"
            hint = "see what the scores and grades can come to"
        yield error(transition.mark, "never-fires", message, hint)


def _shadowed(book: Book) -> Iterator[Problem]:
    """Yield paths out of a stage on the condition of an earlier one, which always wins."""
    for number, later in enumerate(book.transitions):
        for earlier in book.transitions[:number]:
            unlimited = earlier.after is None and earlier.at_most is None and not book.stages[earlier.target].require
            same = earlier.source == later.source and _condition(book, earlier) == _condition(book, later)
            if unlimited and same and _condition(book, later) is not None:
                message = f"the path from `{later.source}` to `{later.target}` never fires"
                hint = f"the one to `{earlier.target}` at line {earlier.mark.line} asks the same and comes first"
                yield error(later.mark, "never-fires", message, hint)
                break


def _ways(book: Book, known: Reach, dead: set[str]) -> Ways:
    """Return the stages that can follow each stage at once."""
    ways: Ways = {name: set() for name in book.stages}
    for number, source in enumerate(book.main_path):
        for target in book.main_path[number + 1 :]:
            enter = _leaving(book, source, target, book.stages[target].enter)
            if enter is not None and known.constant(enter, book.stages[source]) is not False:
                ways[source].add(target)
    for transition in book.transitions:
        if transition.id not in dead:
            ways[transition.source].add(transition.target)
    return ways


def _unreachable(book: Book, ways: Ways) -> Iterator[Problem]:
    reached = {book.start_stage}
    waiting = [book.start_stage]
    while waiting:
        fresh = ways[waiting.pop()] - reached
        reached |= fresh
        waiting += fresh
    named = {*book.main_path, *(transition.target for transition in book.transitions)}
    for stage in book.stages.values():
        if stage.name in reached:
            continue
        if stage.name not in named:
            message = f"no path leads to the stage `{stage.name}`"
            yield error(stage.mark, "unreachable", message, "put it on the main path or add {from: ..., to: ...}")
        elif stage.enter is None and stage.name in book.main_path:
            message = f"the stage `{stage.name}` has no `enter`: only a person can move somebody there"
            yield warning(stage.mark, "unreachable", message, "add `enter` if rules shall")
        else:
            message = f"the stage `{stage.name}` cannot be reached: no path to it can fire"
            yield error(stage.mark, "unreachable", message, "see its `enter` and the paths that lead to it")


def _no_way_out(book: Book, ways: Ways) -> Iterator[Problem]:
    for stage in book.stages.values():
        if not ways[stage.name] and stage.kind != "final":
            message = f"nothing leads out of the stage `{stage.name}`"
            hint = f"add {{from: {stage.name}, to: ...}}" + (
                "" if stage.kind == "detour" else ", or make it `kind: final`"
            )
            yield warning(stage.mark, "no-way-out", message, hint)


def _trapped_deals(book: Book, ways: Ways) -> Iterator[Problem]:
    """Yield detours that do not let an open or won deal through at once (design 4.4)."""
    selling = [stage for stage in book.stages.values() if _about_deals(stage)]
    for stage in (item for item in book.stages.values() if item.kind == "detour"):
        missing = [target.name for target in selling if target.name not in ways[stage.name]]
        if missing:
            names = ", ".join(missing)
            message = f"a person in `{stage.name}` whose deal opens or is won stays there"
            yield warning(stage.mark, "trapped-deal", message, f"add {{from: {stage.name}, to: [{names}]}}")


def _about_deals(stage: Stage) -> bool:
    found = list(leaves(stage.enter))
    return any(isinstance(leaf, DealTest) and not leaf.kind and leaf.state != "lost" for leaf in found) or any(
        isinstance(leaf, DealsTest) and leaf.how != "none" and not _of_lost(leaf) for leaf in found
    )


def _of_lost(test: DealsTest) -> bool:
    lost = (fold(str(item)) == "lost" for leaf in leaves(test.where) for item in _states(leaf))
    return any(lost)


def _states(leaf: Condition) -> tuple[object, ...]:
    return leaf.operands if isinstance(leaf, FieldTest) and leaf.field == DEAL_STATE else ()


def _endless(book: Book, dead: set[str]) -> Iterator[Problem]:
    """Yield opposite paths on one condition without cool-down or maximum: they go on for ever at one instant."""
    free = [item for item in book.transitions if item.after is None and item.at_most is None and item.id not in dead]
    for number, one in enumerate(free):
        for other in free[number + 1 :]:
            opposite = one.source == other.target and one.target == other.source
            if opposite and _condition(book, one) == _condition(book, other):
                message = f"`{one.source}` and `{one.target}` lead to each other on the same condition"
                hint = f"give one of them `after`, or another `when` (the first is at line {one.mark.line})"
                yield error(other.mark, "endless", message, hint)


def _disqualification(book: Book, known: Reach) -> Iterator[Problem]:
    if not known.disqualifies:
        return
    asked = [leaf for item in book.transitions for leaf in leaves(item.when)]
    for stage in book.stages.values():
        asked += [leaf for part in (stage.enter, stage.stay, stage.exit) for leaf in leaves(part)]
    if any(isinstance(leaf, DisqualifiedTest) for leaf in asked):
        return
    for criterion in (criterion for score in book.scores.values() for criterion in score.criteria):
        if criterion.disqualify is not None:
            message = f"`{criterion.name}` disqualifies, but no path has `when: disqualified`"
            hint = "add {from: [...], to: disqualified, when: disqualified}"
            yield warning(criterion.mark, "no-effect", message, hint)


def _exits(book: Book) -> Iterator[Problem]:
    for stage in (item for item in book.stages.values() if item.exit is not None):
        if all(not book.forward(stage.name, target) for target in book.stages):
            message = f"`exit` of `{stage.name}` has no effect: nothing leads forward on the main path from there"
            yield warning(stage.mark, "no-effect", message, "use `when` of the paths that lead out of it")
