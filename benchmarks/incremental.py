"""What a cycle costs that 1,000 people among many change in: by the change, not by the organisation.

A state of 10,000 people is made by real cycles (pull, evaluate, plan, apply, read back) against CRMs in memory, so
everybody is settled. For a million its rows are copied under new ids. In both, 1,000 people spread over all of them
change, and one `sync` is timed in CPU seconds of this process; the CRMs take no time, as there is no network.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.copies import TEMPLATE, copy_state, mark
from benchmarks.pretended import BEGINNING, PretendedCrm
from benchmarks.targets import Target
from leadline.common.values import Crm, Raw, RecordRef
from leadline.rules.reading import read_book
from leadline.sync.cycle import Setting, make_plan, run_apply, run_sync
from leadline.sync.pull.upkeep import Upkeep
from leadline.sync.store import open_store

CHANGED: Final = 1_000

BOOK: Final = """
leadline: 1
name: Incremental
primary: [Lead, contact]
fields:
  email:     {type: text, salesforce: Lead.Email, hubspot: contact.email}
  title:     {type: text, salesforce: Lead.Title, hubspot: contact.jobtitle, prefer: newest}
  country:   {type: text, salesforce: Lead.Country, hubspot: contact.country}
  employees: {type: integer, salesforce: Lead.NumberOfEmployees}
activities:
  demo:  {hubspot: {form: demo}}
  click: {hubspot: {email: click}}
scores:
  fit:
    between: [0, 100]
    criteria:
      chief:   {points: 30, when: {title: {has_word: [chief, vp, head]}}}
      country: {points: 10, when: {country: {in: [Germany, Japan]}}}
      size:    {points: {employees: {under 50: 0, 50 to 499: 10, from 500: 20}}}
    grades: {A: 40, B: 20, C: 0}
  interest:
    between: [0, 100]
    criteria:
      demo:   {points: 40, latest: demo, within: 90d}
      clicks: {points: 5, each: click, within: 60d, at_most: 4}
    grades: {1: 40, 2: 10, 3: 0}
grid: {rows: fit, columns: interest}
stages:
  inquiry:  {kind: inventory, owner: marketing, start: true}
  mql:      {kind: gate, owner: marketing, enter: {fit: {at_least: 40}}}
  recycled: {kind: detour, owner: marketing, reasons: [cooled]}
paths:
  - inquiry -> mql
  - {from: mql, to: recycled, when: {fit: {under: 40}}, reason: cooled}
  - {from: recycled, to: mql}
write:
  salesforce: {stage: Stage__c, fit: Fit__c, interest: Interest__c, grade: Grade__c}
  hubspot: {stage: {field: stage, values: {inquiry: inquiry, mql: mql, recycled: unchanged}}, fit: fit, grade: grade}
guards: {most: 5000 or 50%}
"""
FIELDS: Final[Mapping[Crm, Mapping[str, Mapping[str, str]]]] = {
    "salesforce": {
        "Lead": {
            **dict.fromkeys(("Email", "Title", "Country", "Stage__c", "Grade__c"), "string"),
            **dict.fromkeys(("NumberOfEmployees", "Fit__c", "Interest__c"), "double"),
        }
    },
    "hubspot": {
        "contact": {
            **dict.fromkeys(("email", "jobtitle", "country", "stage", "grade"), "string"),
            "fit": "number",
        }
    },
}
TITLES: Final = ("Chief Buyer", "VP Sales", "Engineer", "Clerk", "Head of IT")
PROMOTED: Final = ("Head of Sales", "VP Finance", "Chief of Staff")
COUNTRIES: Final = ("Germany", "Japan", "France", "Peru")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000, help="a multiple of 10,000, to 1,000,000")
    run(parser.parse_args().people)


def run(people: int = 1_000_000, _: int = 0) -> list[Target]:
    """Print what the cycle costs among 10,000 people and among so many, in whole 10,000s, and the ratio."""
    people = max(people // TEMPLATE, 1) * TEMPLATE
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.db"
        organisation = Organisation()
        build(template, organisation)
        small = copy_state(template, Path(folder) / "small.db", 1)
        first = _measured(small, organisation.again(), TEMPLATE)
        large = copy_state(template, Path(folder) / "large.db", people // TEMPLATE)
        second = _measured(large, organisation.again(), people)
    print(f"{CHANGED:,} people change: one cycle (pull, evaluate, plan, apply, store; no network), CPU seconds")
    for count, took in ((TEMPLATE, first), (people, second)):
        parts = ", ".join(f"{name} {seconds:.2f}" for name, seconds in took.parts.items())
        print(f"  among {count:>9,} people {took.seconds:8.2f} s   ({parts}; {took.written:,} records written)")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {second.seconds / first.seconds:.2f}x the time; peak memory of the process {peak:,.0f} MB\n")
    what = f"a cycle with {CHANGED:,} changes, among {people:,} people beside {TEMPLATE:,}"
    return [Target(what, second.seconds / first.seconds, 1.3, at_most=True)]


class Organisation:
    """Both CRMs with seeded people: a contact each, every second one a lead too."""

    def __init__(self, like: Organisation | None = None) -> None:
        self.salesforce = PretendedCrm("salesforce", FIELDS["salesforce"])
        self.hubspot = PretendedCrm("hubspot", FIELDS["hubspot"])
        self.like = like

    @property
    def crms(self) -> Mapping[Crm, PretendedCrm]:
        """Return them by name."""
        return {"salesforce": self.salesforce, "hubspot": self.hubspot}

    def again(self) -> Organisation:
        """Return CRMs of as many copies as wanted at the same instant, holding only what changes from now on."""
        made = Organisation(self)
        made.salesforce.now, made.hubspot.now = self.salesforce.now, self.hubspot.now
        return made

    def pass_time(self, by: timedelta) -> None:
        """Let time pass in both."""
        self.salesforce.now += by
        self.hubspot.now += by

    def fill(self, people: int) -> None:
        """Make everybody."""
        for number in range(people):
            self.person(number, TITLES[number % 5])
            for place in range(number % 4):
                kind = {"form": "demo"} if place == 2 else {"event": "click"}
                self.hubspot.happen(
                    "form" if place == 2 else "email",
                    f"a{place}{mark(number)}",
                    _email(number),
                    kind,
                    timedelta(days=1 + (number * 7 + place * 13) % 80),
                )

    def person(self, number: int, title: str) -> None:
        """Make a person, or give them another title."""
        country, place = COUNTRIES[number % 4], number % TEMPLATE
        told: dict[str, Raw] = {"email": _email(number), "jobtitle": title, "country": country}
        self._put(self.hubspot, "contact", "9{}", number, told)
        if number % 2:
            told = {
                "Email": _email(number),
                "Title": title,
                "Country": country,
                "NumberOfEmployees": place * 37 % 900,
            }
            self._put(self.salesforce, "Lead", "00Q000{}A", number, told)

    def _put(self, crm: PretendedCrm, name: str, form: str, number: int, told: Mapping[str, Raw]) -> None:
        """Change a record; what else it shows it has from the one that it is a copy of."""
        before: Mapping[str, Raw] = {}
        if self.like is not None:
            rows = self.like.crms[crm.crm].rows
            before = rows[RecordRef(crm.crm, name, form.format(mark(number % TEMPLATE)))].fields
        crm.put(RecordRef(crm.crm, name, form.format(mark(number))), {**before, **told})


def build(place: Path, organisation: Organisation) -> None:
    """Make the state of the template: adopted, written, read back, and settled by two more cycles."""
    organisation.fill(TEMPLATE)
    organisation.pass_time(timedelta(minutes=1))
    with _setting(place) as setting:
        run_apply(setting, organisation.crms, make_plan(setting, organisation.crms).plan)
        for _ in range(2):
            organisation.pass_time(timedelta(hours=1))
            run_sync(setting, organisation.crms)


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU seconds of one cycle, of its parts, and the records that it wrote."""

    seconds: float
    parts: Mapping[str, float]
    written: int


def _measured(place: Path, organisation: Organisation, people: int) -> Measured:
    """Change 1,000 people, spread evenly, and time the cycle that takes it in."""
    organisation.pass_time(timedelta(hours=1))
    for turn in range(CHANGED):
        person = turn * (TEMPLATE // CHANGED) + turn % 10
        copy = turn * (people // TEMPLATE) // CHANGED  # the same people, of other copies
        organisation.person(person + copy * TEMPLATE, PROMOTED[turn % 3])
    organisation.pass_time(timedelta(minutes=1))
    clock = _Parts()
    with _setting(place, clock.hear) as setting:
        began = time.process_time()
        clock.start()
        result = run_sync(setting, organisation.crms)
        seconds = time.process_time() - began
    assert result.evaluation.evaluated >= CHANGED, result.evaluation
    return Measured(seconds, clock.parts, result.plan.record_count())


class _Parts:
    """The CPU time between the events of a run."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}

    def start(self) -> None:
        self._last = time.process_time()

    def hear(self, event: object) -> None:
        now = time.process_time()
        name = {"Pulling": "pull", "Pulled": "pull", "Evaluating": "begin", "Planned": "decide and plan"}
        part = name.get(type(event).__name__, "apply")
        self.parts[part] = self.parts.get(part, 0) + now - self._last
        self._last = now


@contextmanager
def _setting(place: Path, tell: Callable[[Any], None] = lambda _: None) -> Iterator[Setting]:
    sources = {"rules.yml": BOOK.encode()}
    with open_store(f"sqlite:///{place}") as store:
        upkeep = Upkeep(ids=None, calculated=None)  # comparing all ids is meant to look at everybody, once a day
        yield Setting(store, read_book(sources), sources, lambda: BEGINNING, tell, upkeep=upkeep)


def _email(number: int) -> str:
    # Of the copied person: their copies keep that address but for the mark, and a changed one would be more work.
    return f"person.{mark(number).lower()}@company{number % TEMPLATE % 97}.example"


if __name__ == "__main__":
    main()
