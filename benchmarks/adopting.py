"""A big adoption over HTTP: what it takes, and that it makes no task, note or notice, and assigns nobody.

``python -m benchmarks.adopting --people 20000`` starts practice CRMs in a process of its own (at Salesforce with an
active assignment rule), gives the book stages that cause a task, a note and an assignment, saves the first plan as a
file and accepts it in waves (or, with ``--write nothing``, without writing). Then it asks the servers what was made,
who owns each record, and what each planned field shows. ``--kill 30`` kills the writing in the midst of a wave, when
HubSpot has had so many calls that write, and it goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from leadline.common.values import Raw, RecordRef
from leadline.common.vocabulary import OWNER_FIELDS, PERSON_OBJECTS
from leadline.connectors.protocol import ReadConnector, RecordRequest
from leadline.sync.config import Config, load_config
from leadline.sync.cycle import open_readers, open_setting, open_writers, run_apply, run_sync
from leadline.sync.cycle.adopting import adopt_without_writing, plan_adoption
from leadline.sync.cycle.first import First
from leadline.sync.plan import Plan, load_plan, save_plan
from leadline.sync.plan.normal import same
from leadline.sync.schedule import wall_clock

EXAMPLE = Path(__file__).parent.parent / "examples" / "waterfall"
ACTIONS = """
on_enter:
  mql: [{task: owner}, {assign: leadline@practice.example}, {note: hand-off}]
  inquiry: [{task: owner}]
"""
CONFIGURATION = """
rules: rules
state: sqlite:///leadline.db
salesforce:
  url: ${SALESFORCE_URL}
  auth: {flow: client_credentials, client_id: "${SALESFORCE_CLIENT_ID}", client_secret: "${SALESFORCE_CLIENT_SECRET}"}
hubspot: {url: "${HUBSPOT_URL}", token: "${HUBSPOT_TOKEN}"}
"""
PLAN = "adopt.json"


def main() -> None:
    """Adopt step by step, each in a process of its own, and print what each took and what the servers say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--wave", type=int, default=5_000)
    parser.add_argument("--write", choices=["all", "nothing"], default="all")
    parser.add_argument("--kill", type=int, help="kill the writing after so many calls to HubSpot, and go on")
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.step is not None:
        _STEPS[chosen.step[0]](load_config(Path(chosen.step[1]), os.environ), chosen)
        return
    with tempfile.TemporaryDirectory() as folder, _practice(chosen.people, chosen.seed) as environment:
        home = _home(Path(folder))
        surroundings = {**os.environ, **environment}

        def step(name: str) -> list[str]:
            return [sys.executable, "-m", "benchmarks.adopting", *sys.argv[1:], "--step", name, str(home)]

        before = _created(environment)
        subprocess.run(step("owners"), env=surroundings, check=True)
        subprocess.run(step("plan"), env=surroundings, check=True)
        print(f"plan file: {(home / PLAN).stat().st_size / 2**20:,.0f} MB", flush=True)
        if chosen.kill is not None:
            process = subprocess.Popen(step("write"), env=surroundings)
            while _written_to(environment) < chosen.kill and process.poll() is None:
                time.sleep(0.1)
            process.send_signal(signal.SIGKILL)
            print(f"killed: exit code {process.wait()}", flush=True)
            subprocess.run(step("look"), env=surroundings, check=True)
        subprocess.run(step("write"), env=surroundings, check=True)
        subprocess.run(step("look"), env=surroundings, check=True)
        subprocess.run(step("next"), env=surroundings, check=True)
        subprocess.run(step("look"), env=surroundings, check=True)
        print(f"tasks, notes, memberships and others made in the CRMs: {_created(environment) - before}")


def _keep_owners(config: Config, _: argparse.Namespace) -> None:
    """Keep who owns each record; in a process of its own, so that the plan's memory is the plan's."""
    with open_readers(config) as readers:
        owners = {str(ref): owner for ref, owner in _owners(readers)}
    (_place() / "owners.json").write_text(json.dumps(owners), "utf-8")


def _plan(config: Config, _: argparse.Namespace) -> None:
    with open_setting(config, wall_clock) as setting, open_readers(config) as readers, _measured() as told:
        found = plan_adoption(setting, readers)
        plan = found.planned.plan
        save_plan(plan, _place() / PLAN)
        told.append(f"{sum(found.planned.stock.values()):,} people, {plan.record_count():,} records")
        told.append(f"{len(plan.writes):,} values, {len(plan.effects):,} actions, calls {dict(found.planned.calls)}")
        told.append(f"forecast {dict(plan.calls)}")


def _write(config: Config, chosen: argparse.Namespace) -> None:
    with open_setting(config, wall_clock) as setting, open_writers(config) as writers, _measured() as told:
        plan = load_plan(_place() / PLAN)
        if chosen.write == "nothing":
            told.append(f"{adopt_without_writing(setting, writers, plan):,} people adopted, nothing written")
            told.append(str({crm: dict(writer.calls()) for crm, writer in writers.items()}))
        else:
            done = run_apply(setting, writers, plan, waves=First(chosen.wave, timedelta(0), lambda _: False))
            told.append(f"{dict(done.report.counts)}, calls {dict(done.calls)}")


def _next(config: Config, _: argparse.Namespace) -> None:
    with open_setting(config, wall_clock) as setting, open_writers(config) as writers, _measured() as told:
        synced = run_sync(setting, writers)
        told.append(f"{synced.plan.record_count():,} records, {len(synced.plan.effects):,} actions")
        told.append(f"{synced.evaluation.evaluated:,} evaluated")


def _look(config: Config, _: argparse.Namespace) -> None:
    """Compare the servers with the plan: every planned value, and every owner with the one before."""
    plan = load_plan(_place() / PLAN)
    with open_readers(config) as readers:
        owners = json.loads((_place() / "owners.json").read_text("utf-8"))
        moved = sum(owners[str(ref)] != owner for ref, owner in _owners(readers))
        new, old, other = _compared(plan, readers)
    print(f"look at the servers: {new:,} values as planned, {old:,} as before, {other:,} others; "
          f"{len(owners):,} owners, {moved:,} changed", flush=True)  # fmt: skip


def _compared(plan: Plan, readers: Mapping[str, ReadConnector]) -> tuple[int, int, int]:
    """Return how many planned values the servers show, show still as before, and show otherwise."""
    new = old = other = 0
    for crm, name in plan.writes.records():
        fields = sorted({one.field for one in plan.writes.fields() if (one.crm, one.object) == (crm, name)})
        shown: dict[str, Mapping[str, Raw]] = {}
        request = RecordRequest(name, tuple(fields), readers[crm].server_time())
        for page in readers[crm].records(request):
            shown.update((row.ref.id, {field: row.fields.get(field) for field in fields}) for row in page)
        for ref, groups in plan.writes.by_record():
            if (ref.crm, ref.object) != (crm, name):
                continue
            first = {write.field: write for _, group in reversed(groups) for write in group}
            for write in {write.field: write for _, group in groups for write in group}.values():
                value = shown[ref.id].get(write.field)
                if same(value, write.new, write.kind, ref.crm):
                    new += 1
                elif same(value, first[write.field].old, write.kind, ref.crm):
                    old += 1
                else:
                    other += 1
    return new, old, other


def _owners(readers: Mapping[str, ReadConnector]) -> Iterator[tuple[RecordRef, Raw]]:
    for crm, reader in readers.items():
        field = OWNER_FIELDS[crm]  # type: ignore[index]
        for name in PERSON_OBJECTS[crm]:  # type: ignore[index]
            for page in reader.records(RecordRequest(name, (field,), reader.server_time())):
                yield from ((row.ref, row.fields.get(field)) for row in page)


def _place() -> Path:
    """Return where the steps keep their files."""
    return Path(sys.argv[sys.argv.index("--step") + 2])


_STEPS = {"owners": _keep_owners, "plan": _plan, "write": _write, "next": _next, "look": _look}


@contextmanager
def _measured() -> Iterator[list[str]]:
    """Print what a step took; what it says of itself goes into the list."""
    told: list[str] = []
    wall, used = time.monotonic(), time.process_time()
    yield told
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    step = sys.argv[sys.argv.index("--step") + 1]
    print(f"{step}: {time.process_time() - used:,.0f} s of CPU, {time.monotonic() - wall:,.0f} s, "
          f"at most {memory:,.0f} MB; {'; '.join(told)}", flush=True)  # fmt: skip


def _home(folder: Path) -> Path:
    (folder / "rules" / "lists").mkdir(parents=True)
    for path in (EXAMPLE / "rules.yml", *(EXAMPLE / "lists").iterdir()):
        (folder / "rules" / path.relative_to(EXAMPLE)).write_bytes(path.read_bytes())
    rules = folder / "rules" / "rules.yml"
    rules.write_text(rules.read_text("utf-8") + ACTIONS, "utf-8")
    (folder / "leadline.yml").write_text(CONFIGURATION, "utf-8")
    return folder


_SERVE = """
import json, sys
from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.practice.serving import serve_forever
serve_forever(
    lambda practice: print(json.dumps(practice.environment()), flush=True),
    organisation=generate(people=int(sys.argv[1]), seed=int(sys.argv[2])),
    options=PracticeOptions(assignment_rule=True), salesforce_port=0, hubspot_port=0,
)
"""


@contextmanager
def _practice(people: int, seed: int) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-c", _SERVE, str(people), str(seed)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
        most = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
        print(f"practice CRMs: at most {int(most) / 1024:,.0f} MB")
    finally:
        process.terminate()
        process.wait()


def _written_to(environment: Mapping[str, str]) -> int:
    """Return how many calls HubSpot has had that write contacts."""
    with urllib.request.urlopen(f"{environment['HUBSPOT_URL']}/_practice/calls") as answer:
        calls = json.load(answer)["endpoints"]
    return sum(count for endpoint, count in calls.items() if endpoint.endswith("/batch/update"))


def _created(environment: Mapping[str, str]) -> int:
    """Return how many tasks, notes and other records both servers have made so far."""
    found = 0
    for name in ("SALESFORCE_URL", "HUBSPOT_URL"):
        with urllib.request.urlopen(f"{environment[name]}/_practice/created") as answer:
            found += json.load(answer)["total"]
    return found


if __name__ == "__main__":
    main()
