"""Places and turns over real HTTP: tried out by a plan, given the same by its apply, no more than a day's."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from leadline.common.vocabulary import OWNER_FIELDS
from leadline.sync.cycle import make_plan, run_apply, run_sync
from leadline.sync.reports.funnel import funnel
from leadline.sync.store.schema import allocations, decisions
from leadline.sync.verifying import verify
from tests.sync.writing.rehearsal import Rehearsal

MOST = 2
RULES = """
on_enter: {{mql: {{do: [{{assign: {{rota: sdr}}}}], on_adoption: true}}}}
capacity: {{mql: {{most: {most} a day, best: interest}}}}
rotas: {{sdr: [{members}]}}
"""


def rows(rehearsal: Rehearsal) -> dict[str, list[tuple[str, str]]]:
    """Return (person, value) of everything given, by kind."""
    found: dict[str, list[tuple[str, str]]] = {"capacity": [], "owner": []}
    with rehearsal.at_work() as (setting, _), setting.store.read() as connection:
        for row in connection.execute(select(allocations).order_by(allocations.c.id)).mappings():
            found[row["kind"]].append((row["person_id"], row["value"]))
    return found


def test_a_plan_tries_places_out_and_its_apply_gives_the_same(rehearsal: Rehearsal) -> None:
    """Two plans are equal and leave nothing; the apply gives the places and turns that the plan showed."""
    with rehearsal.at_work() as (_, writers):
        active = [user for user in writers["hubspot"].users() if user.active and not user.queue and user.email]
        members = [user.email for user in active][:2]
        addresses = {user.id: user.email for user in active}
    (rehearsal.home / "rules" / "more.yml").write_text(RULES.format(most=MOST, members=", ".join(members)))
    rehearsal.edit("leadline: 1\n", "leadline: 1\ninclude: more.yml\n")
    with rehearsal.at_work() as (setting, writers):
        first, plan = (make_plan(setting, writers).plan for _ in range(2))
        assert [write.new for write in first.writes] == [write.new for write in plan.writes]
    assert rows(rehearsal) == {"capacity": [], "owner": []}
    owners = [write for write in plan.writes if write.field == OWNER_FIELDS["hubspot"]]
    planned = {write.person: addresses[str(write.new)] for write in owners}
    with rehearsal.at_work() as (setting, writers):
        assert run_apply(setting, writers, plan).report.ok
        (line,) = funnel(setting.store, setting.book).waiting
        assert line.stage == "mql"
    given = rows(rehearsal)
    assert len(given["capacity"]) == MOST
    turns = Counter(member for _, member in given["owner"])
    assert max(turns.values()) - min(turns.values()) <= 1
    assert planned
    assert planned.items() <= dict(given["owner"]).items()
    rehearsal.pass_time(days=1)
    with rehearsal.at_work() as (setting, writers):
        done = run_sync(setting, writers)
        assert done.evaluation.moves["inquiry->mql"] == min(MOST, line.people)
        with setting.store.read() as connection:
            ids = list(connection.execute(select(decisions.c.id)).scalars())
        for decision in ids[-10:]:
            found = verify(setting.store, decision)
            assert found.same
            assert found.same_input
    assert rows(rehearsal)["capacity"][:MOST] == given["capacity"]
    assert len(rows(rehearsal)["capacity"]) == MOST + min(MOST, line.people)
