"""Plans: what would be written, why, and at what price; nothing here can write to a CRM."""

from leadline.sync.plan.build import build_plan
from leadline.sync.plan.file import load_plan, parse_plan, plan_hash, plan_text, require_place, save_plan
from leadline.sync.plan.model import Counts, NotWritten, Plan, PlannedWrite
from leadline.sync.plan.source import PersonView, PlanSource, Published, RecordView

__all__ = [
    "Counts",
    "NotWritten",
    "PersonView",
    "Plan",
    "PlanSource",
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
