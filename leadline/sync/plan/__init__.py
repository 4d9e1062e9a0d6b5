"""Plans: what would be written, why, and at what price; nothing here can write to a CRM."""

from leadline.sync.plan.build import build_plan
from leadline.sync.plan.file import load_plan, parse_plan, plan_hash, plan_text, require_place, save_plan
from leadline.sync.plan.model import Counts, EffectKind, Held, NotWritten, Plan, PlannedEffect, PlannedWrite
from leadline.sync.plan.source import PersonView, PlanSource, Published, RecordView

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
    "build_plan",
    "load_plan",
    "parse_plan",
    "plan_hash",
    "plan_text",
    "require_place",
    "save_plan",
]
