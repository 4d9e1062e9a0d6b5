"""The whole book."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from leadline.common.values import Crm
from leadline.rules.model.accounts import AccountFact, Capacity
from leadline.rules.model.actions import Rota, StageActions
from leadline.rules.model.conditions import Condition
from leadline.rules.model.identity import Identity
from leadline.rules.model.lifecycle import ByHand, Stage, Transition
from leadline.rules.model.scores import Grid, Score, Temperatures
from leadline.rules.model.slas import Calendars, Sla
from leadline.rules.model.sources import Activity, Deals, Field
from leadline.rules.model.writing import Guards, Publish, WriteTargets


@dataclass(frozen=True, slots=True)
class Book:
    """One organisation's rule book. ``hash`` covers the resolved book (lists expanded, versions of meaning).

    ``zone`` is the time zone in which days begin; ``rates`` say what one unit of a currency is worth in a common one.
    ``language`` is that of the line of text that is written to CRMs.
    """

    name: str
    fields: Mapping[str, Field]
    activities: Mapping[str, Activity]
    scores: Mapping[str, Score]
    stages: Mapping[str, Stage]
    main_path: tuple[str, ...]
    transitions: tuple[Transition, ...]
    deals: Deals = dataclasses.field(default_factory=Deals)
    grid: Grid | None = None
    temperatures: Temperatures | None = None
    by_hand: ByHand = dataclasses.field(default_factory=ByHand)
    machines: tuple[str, ...] = ()
    primary: tuple[str, ...] = ("Contact", "Lead", "contact")
    scope: Condition | None = None
    write: Mapping[Crm, WriteTargets] = dataclasses.field(default_factory=dict)
    publish: Publish = dataclasses.field(default_factory=Publish)
    guards: Guards = dataclasses.field(default_factory=Guards)
    zone: str = "UTC"
    rates: Mapping[str, Decimal] = dataclasses.field(default_factory=dict)
    accounts: Mapping[str, AccountFact] = dataclasses.field(default_factory=dict)
    on_enter: Mapping[str, StageActions] = dataclasses.field(default_factory=dict)
    capacity: Mapping[str, Capacity] = dataclasses.field(default_factory=dict)
    rotas: Mapping[str, Rota] = dataclasses.field(default_factory=dict)
    calendars: Calendars = dataclasses.field(default_factory=Calendars)
    slas: Mapping[str, Sla] = dataclasses.field(default_factory=dict)
    language: str = "en"
    identity: Identity = dataclasses.field(default_factory=Identity)
    hash: str = ""

    @property
    def readable(self) -> Mapping[str, Field]:
        """What conditions and bands may read of a person: the book's fields, and the facts of their account."""
        if not self.accounts:
            return self.fields
        own = (fact.as_field() for fact in self.accounts.values() if fact.read)
        return {**self.fields, **{field.name: field for field in own}}

    @property
    def sourced(self) -> tuple[Field, ...]:
        """Every field that CRMs may fill: those of people, then those of deals."""
        return (*self.fields.values(), *self.deals.fields.values())

    @property
    def renamed(self) -> Mapping[str, str]:
        """Old names of stages and what they are called now."""
        return {old: stage.name for stage in self.stages.values() for old in stage.renamed}

    def forward(self, source: str, target: str) -> bool:
        """Tell whether a move goes on along the main path."""
        path = self.main_path
        return source in path and target in path and path.index(source) < path.index(target)

    @property
    def start_stage(self) -> str:
        """The stage that a person without one begins in."""
        return next(stage.name for stage in self.stages.values() if stage.start)
