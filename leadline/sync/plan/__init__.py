"""Plans: what would be written, why, and at what price; nothing here can write to a CRM."""

from leadline.sync.plan.build import build_plan
from leadline.sync.plan.file import load_plan, plan_hash, require_place, save_plan
from leadline.sync.plan.model import Counts, EffectKind, Held, NotWritten, Plan, PlannedEffect
from leadline.sync.plan.packing import Writes
from leadline.sync.plan.source import PersonView, PlanSource, Published, RecordView
from leadline.sync.plan.write import PlannedWrite, grouped, record_write

__all__ = [
    "Counts",
    "EffectKind",
    "Held",
    "NotWritten",
    "PersonView",
    "Plan",
    "PlanSource",
    "PlannedEffect",
    "PlannedWrite",
    "Published",
    "RecordView",
    "Writes",
    "build_plan",
    "grouped",
    "load_plan",
    "plan_hash",
    "record_write",
    "require_place",
    "save_plan",
]
