"""Books that read well but cannot work as written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from leadline.common.bookfiles import read_sources
from leadline.rules.check import check_book
from leadline.rules.reading import read_book
from tests.rules.reading.reading_kit import sources

EXAMPLES = Path(__file__).parents[3] / "examples"

STAGES = """stages:
  inquiry: {kind: inventory}
  mql: {kind: sla, enter: {grade: A1}, stay: {grade: {in: [A1, A2]}}}
  customer: {kind: final, enter: {deal: won}}
  recycled: {kind: detour}
"""
PATHS = "paths:\n  - inquiry -> mql -> customer\n"

CALENDARS = "calendars:\n  never: {zone: UTC, open: {mon: closed}}\n"

CASES: dict[str, tuple[str, list[tuple[str, str, str, str]]]] = {
    "SLAs that cannot run as they say": (
        CALENDARS + "slas:\n"
        "  one: {from: {enters: inquiry}, until: {enters: mql}, target: 30 minutes}\n"
        "  two: {from: {enters: mql}, until: {enters: [inquiry, mql, customer]}, target: 2 hours}\n"
        "  three: {from: {enters: mql}, target: [{when: {title: a}, is: 3 hours}, 1 business hour]}\n"
        "  four: {from: {enters: mql}, target: 3 hours, calendar: {by: title, otherwise: never}}\n",
        [
            ("4:3", "warning", "sla-stage", "the SLA `one` starts in `inquiry`, a stage of kind inventory"),
            ("5:3", "error", "sla-end", "`inquiry` cannot be entered after `mql`"),
            ("5:3", "error", "sla-end", "`mql` cannot be entered after `mql`"),
            ("6:74", "error", "sla-never", "the calendar `never` never opens for 1 business hour"),
            ("7:3", "warning", "sla-calendar", "the SLA `four` asks for a calendar by `title`, but no calendar says"),
        ],
    ),
    "a stage that no path names": (
        STAGES
        + "  lost: {kind: final}\n  away: {kind: detour}\n"
        + PATHS
        + "  - {from: mql, to: recycled, when: {not: stay}}\n  - {from: recycled, to: customer}\n",
        [
            ("6:3", "error", "unreachable", "no path leads to the stage `lost`"),
            ("7:3", "warning", "trapped-deal", "a person in `away` whose deal opens or is won stays there"),
            ("7:3", "error", "unreachable", "no path leads to the stage `away`"),
            ("7:3", "warning", "no-way-out", "nothing leads out of the stage `away`"),
        ],
    ),
    "a stage that only a person sets": (
        "stages:\n  inquiry: {kind: inventory}\n  mql: {kind: sla}\n"
        "  customer: {kind: final, enter: {deal: won}}\n" + PATHS,
        [("3:3", "warning", "unreachable", "only a person can move somebody there")],
    ),
    "a stage behind a dead path": (
        STAGES + PATHS + "  - {from: inquiry, to: recycled, when: {not: stay}}\n  - {from: recycled, to: customer}\n",
        [
            ("5:3", "error", "unreachable", "no path to it can fire"),
            ("8:5", "error", "never-fires", "`inquiry` has no `stay`, so everybody may stay"),
        ],
    ),
    "account facts that nobody reaches alone, or nobody asks for": (
        "accounts:\n  keen: {count: people, when: {interest: {at_least: 45}}}\n  heat: {sum: interest}\n"
        "  far: {count: people, when: {fit: {over: 60}}}\n  best: {best: stage}\n"
        "scores:\n  fit: {criteria: {senior: {points: 60, when: {title: {has_word: [vp]}}}}, grades: {A: 50, B: 0}}\n"
        "  interest:\n    criteria:\n      demo: {points: 40, latest: demo}\n"
        "      group: {points: {account.keen: {from 1: 10}}}\n"
        "      others: {points: 5, when: {account.far: {at_least: 1}}}\n    grades: {1: 30, 2: 0}\n",
        [
            ("2:43", "error", "never-true", "`keen` asks for what only account facts give"),
            ("3:3", "warning", "unused", "no criterion or condition asks for the account fact `heat`"),
            ("4:37", "warning", "never-true", "`fit` is 0 to 60"),
        ],
    ),
    "a path without any condition": (
        STAGES + PATHS + "  - {from: mql, to: recycled, when: {not: stay}}\n"
        "  - {from: recycled, to: [inquiry, customer], after: 30d}\n",
        [("9:5", "error", "never-fires", "it has no `when`, and `inquiry` no `enter`")],
    ),
    "a path that an earlier one takes": (
        STAGES + PATHS + "  - {from: mql, to: recycled, when: {title: a}}\n"
        "  - {from: mql, to: inquiry, when: {title: a}}\n"
        "  - {from: recycled, to: customer}\n",
        [("9:5", "error", "never-fires", "the one to `recycled` at line 8 asks the same and comes first")],
    ),
    "disqualification that nothing causes": (
        STAGES + PATHS + "  - {from: mql, to: recycled, when: disqualified}\n  - {from: recycled, to: customer}\n",
        [
            ("5:3", "error", "unreachable", "no path to it can fire"),
            ("8:5", "error", "never-fires", "no criterion disqualifies"),
        ],
    ),
    "a detour that traps a deal": (
        STAGES + PATHS + "  - {from: mql, to: recycled, when: {not: stay}}\n"
        "  - {from: recycled, to: mql, after: 30d}\n",
        [("5:3", "warning", "trapped-deal", "a person in `recycled` whose deal opens or is won stays there")],
    ),
    "endless moves": (
        STAGES + PATHS + "  - {from: mql, to: recycled, when: {title: a}}\n"
        "  - {from: recycled, to: mql, when: {title: a}}\n"
        "  - {from: recycled, to: customer}\n",
        [("9:5", "error", "endless", "`mql` and `recycled` lead to each other on the same condition")],
    ),
    "a circle of three": (
        "stages:\n  inquiry: {kind: inventory}\n  mql: {kind: sla, enter: {title: a}}\n"
        "  customer: {kind: final, enter: {deal: won}}\n  one: {kind: detour}\n  two: {kind: detour}\n"
        + PATHS
        + "  - {from: mql, to: one, when: {title: a}}\n  - {from: one, to: two, when: {title: a}}\n"
        "  - {from: two, to: mql, when: {title: a}}\n  - {from: [one, two], to: customer}\n",
        [("9:5", "error", "endless", "`mql` -> `one` -> `two` -> `mql` go round on the same condition")],
    ),
    "back and forth on the entry of a stage": (
        "stages:\n  inquiry: {kind: inventory}\n  mql: {kind: sla, enter: {title: a}}\n"
        "  customer: {kind: final, enter: {deal: won}}\n"
        + PATHS
        + "  - {from: mql, to: inquiry, when: {title: a}}\n",
        [("7:5", "error", "endless", "`mql` -> `inquiry` -> `mql` go round on the same condition")],
    ),
    "a circle in which one has to wait": (
        "stages:\n  inquiry: {kind: inventory}\n  mql: {kind: sla, enter: {title: a}}\n"
        "  customer: {kind: final, enter: {deal: won}}\n  one: {kind: detour}\n"
        + PATHS
        + "  - {from: mql, to: one, when: {title: a}}\n  - {from: one, to: mql, after: 3d}\n"
        "  - {from: one, to: customer, at_most: 2}\n",
        [],
    ),
    "a disqualifier without a path": (
        """scores:
  fit:
    between: [0, 100]
    criteria:
      rival: {disqualify: rival, when: {email: {domain_in: rival.example}}}
      senior: {points: 60, when: {title: vp}}
    grades: {A: 50, B: 0}
  interest: {between: [0, 100], criteria: {demo: {points: 40, latest: demo}}, grades: {1: 30, 2: 0}}
""",
        [("5:7", "warning", "no-effect", "`rival` disqualifies, but no path has `when: disqualified`")],
    ),
    "amounts without a rate": (
        """fields:
  email: {type: text, salesforce: Lead.Email}
  title: {type: text, salesforce: Lead.Title}
  code: {type: text, salesforce: Opportunity.CurrencyIsoCode}
  amount: {type: money, currency: code, salesforce: Opportunity.Amount}
  budgeted: {type: money, currency: USD, salesforce: Opportunity.Budget__c}
"""
        + STAGES.replace(
            "{grade: A1}",
            "{any: [{grade: A1}, {amount: {over: 9 EUR}}, {budgeted: {over: 9 EUR}}, {budgeted: 9 USD}]}",
            1,
        )
        + PATHS
        + "  - {from: mql, to: recycled, when: {not: stay}}\n  - {from: recycled, to: customer}\n",
        [
            ("9:57", "warning", "no-rate", "only amounts in EUR can be compared here: `rates` has no EUR"),
            ("9:84", "warning", "no-rate", "this is always unknown: `rates` has no EUR and no USD"),
        ],
    ),
    "exits that hold nobody, or everybody": (
        STAGES.replace("{kind: final,", "{kind: final, exit: {known: title},").replace(
            "sla,", "sla, exit: {fit: {over: 900}},", 1
        )
        + PATHS
        + "  - {from: mql, to: recycled, when: {not: stay}}\n  - {from: recycled, to: customer}\n",
        [
            ("3:33", "warning", "never-true", "this is never true: `fit` is 0 to 60"),
            ("4:3", "warning", "no-effect", "`exit` of `customer` has no effect"),
        ],
    ),
    "bands of a number of times": (
        """scores:
  fit:
    criteria:
      visits: {points: {1 to 3: 5, from 3: 9}, count: demo}
      days: {points: {1: 5, from 3: 60}, distinct_days: click, within: 30d}
    grades: {A: 50, B: 0}
  interest: {criteria: {demo: {points: 40, distinct_days: demo}}, grades: {1: 30, 2: 0}}
""",
        [
            ("4:36", "error", "band-overlap", "the bands `1 to 3` and `from 3` of `demo` overlap"),
            ("5:29", "warning", "band-gap", "between the bands `1` and `from 3` of `click` there is a gap"),
        ],
    ),
    "bands": (
        """scores:
  fit:
    between: [0, 100]
    criteria:
      size: {points: {employees: {under 50: 0, 49 to 199: 10, 201 to 300: 30, 301 to 400: 40, from 401: 60}}}
      money: {points: {amount: {under 10: 5, from 10: 6, 20 to 30: 7}}}
      parts: {points: {amount: {under 10: 5, over 10: 6}}}
    grades: {A: 50, B: 0}
  interest: {between: [0, 100], criteria: {demo: {points: 40, latest: demo}}, grades: {1: 30, 2: 0}}
""",
        [
            ("5:48", "error", "band-overlap", "the bands `under 50` and `49 to 199` of `employees` overlap"),
            ("5:63", "warning", "band-gap", "between the bands `49 to 199` and `201 to 300` of `employees`"),
            ("6:58", "error", "band-overlap", "the bands `from 10` and `20 to 30` of `amount` overlap"),
            ("7:46", "warning", "band-gap", "between the bands `under 10` and `over 10` of `amount`"),
        ],
    ),
    "grades": (
        """scores:
  fit:
    between: [0, 100]
    criteria: {senior: {points: 60, when: {title: vp}}}
    grades: {A: 70, B: 20, C: 10, D: -5}
  interest: {between: [0, 100], criteria: {demo: {points: 40, latest: demo}}, grades: {1: 30, 2: 10, 3: -1}}
stages:
  inquiry: {kind: inventory}
  mql: {kind: sla, enter: {any: [{fit: {over: 60}}, {fit: {at_least: 0}}, {fit: {grade: A}}, {grade: [A1, B1]}]}}
  customer: {kind: final, enter: {deal: won}}
paths: [inquiry -> mql -> customer]
temperature: {hot: [B1], cold: otherwise}
""",
        [
            ("2:3", "warning", "unreachable-grade", "no `fit` reaches grade `A`: the score is at most 60"),
            ("9:41", "warning", "never-true", "this is never true: `fit` is 0 to 60"),
            ("9:60", "warning", "always-true", "this is always true: `fit` is 0 to 60"),
            ("9:82", "warning", "never-true", "no score comes to grade A"),
            ("9:94", "warning", "never-true", "no score comes to grade A1"),
        ],
    ),
    "grades that leave a gap": (
        """scores:
  fit: {criteria: {senior: {points: -60, when: {title: vp}}, up: {points: 10, each: demo}}, grades: {A: 50, B: 0}}
  interest: {between: [0, 100], criteria: {demo: {points: 40, latest: demo}}, grades: {1: 30, 2: 0}}
""",
        [("2:3", "warning", "grade-gap", "a `fit` under 0 has no grade: it can be -60")],
    ),
    "temperatures that leave cells out": (
        "temperature: {hot: [A1], warm: [A2, B1]}\n",
        [("1:14", "warning", "temperature-gap", "`temperature` leaves out B2")],
    ),
    "criteria without effect": (
        """scores:
  fit:
    between: [0, 100]
    groups: {web: 20}
    criteria:
      senior: {points: 60, when: {title: vp}}
      nothing: {points: 0, when: {title: x}}
      bands: {points: {employees: {under 50: 0}}}
      fades: {points: 5, latest: demo, within: 7d, decay: {by: 50%, every: 7d}}
      capped: {points: 5, first: demo, up_to: 5}
    grades: {A: 50, B: 0}
  interest: {between: [0, 100], criteria: {demo: {points: 40, latest: demo}}, grades: {1: 30, 2: 0}}
""",
        [
            ("2:3", "warning", "no-effect", "no criterion of `fit` is in the group `web`"),
            ("7:7", "warning", "no-effect", "the criterion `nothing` gives no points"),
            ("8:7", "warning", "no-effect", "the criterion `bands` gives no points"),
            ("9:7", "warning", "no-effect", "`decay` of `fades` has no effect"),
            ("10:7", "warning", "no-effect", "`up_to` of `capped` has no effect: it never gives more than 5"),
        ],
    ),
    "caps that swallow points": (
        """scores:
  fit:
    between: [0, 100]
    groups: {web: 10, mail: 5}
    criteria:
      senior: {points: 60, when: {title: vp}}
      visit: {points: 25, each: demo, group: web}
      click: {points: 5, each: demo, group: mail}
    grades: {A: 50, B: 0}
  interest:
    between: [null, 0]
    criteria:
      demo: {points: 40, latest: demo}
      fades: {points: 40, latest: demo, decay: {by: 50%, every: 7d}}
      quiet: {points: -5, when: {no_activity_for: 30d}}
    grades: {1: 0, 2: -30}
  risk:
    between: [0, 50]
    criteria:
      free: {points: -30, when: {title: x}}
      bad: {points: -20, when: {title: y}}
""",
        [
            ("7:7", "warning", "useless-cap", "`visit` never gives its 25: the group `web` gives at most 10"),
            ("20:7", "warning", "useless-cap", "the points of `free` never show: `risk` is 0 to 50"),
            ("21:7", "warning", "useless-cap", "the points of `bad` never show: `risk` is 0 to 50"),
        ],
    ),
    "a decay without end": (
        """scores:
  fit:
    between: [0, 100]
    criteria:
      senior: {points: 60, when: {title: vp}}
      slow: {points: 1000000, latest: demo, decay: {by: 0.0001%, every: 1h}}
    grades: {A: 50, B: 0}
  interest: {between: [0, 100], criteria: {demo: {points: 40, latest: demo}}, grades: {1: 30, 2: 0}}
""",
        [("6:7", "error", "too-many", "the points of `slow` decay too slowly to ever end")],
    ),
    "too many ways out of a stage": (
        STAGES
        + PATHS
        + "".join(f"  - {{from: mql, to: recycled, when: {{title: t{number}}}}}\n" for number in range(60))
        + "  - {from: recycled, to: customer}\n",
        [("3:3", "error", "too-many", "the stage `mql` has 62 ways out; at most 60 can be decided")],
    ),
    "stage values that cannot be read back": (
        "write:\n"
        "  hubspot: {stage: {field: lifecyclestage, values: {inquiry: lead, mql: Lead, customer: customer}}}\n"
        "  salesforce: {stage: {field: S__c, values: {mql: unchanged}}}\n",
        [
            ("2:3", "warning", "not-one-to-one", "`lead` of hubspot stands for inquiry and mql"),
            ("3:3", "warning", "no-effect", "no stage is ever written to `S__c` of salesforce"),
        ],
    ),
    "names without a source": (
        "fields:\n  title: {type: text}\n  plan: {type: date, salesforce: Lead.Plan__c}\n"
        "activities: {demo: {}, idle: {hubspot: note}}\n",
        [
            ("2:3", "warning", "no-source", "the field `title` has no source"),
            ("3:3", "warning", "unused", "no rule asks for the field `plan`"),
            ("4:14", "warning", "no-source", "the activity `demo` has no source"),
            ("4:24", "warning", "unused", "no criterion or condition names the activity `idle`"),
        ],
    ),
}

# What the base book itself would be told, so that a case lists only its own problems.
OWN = {problem.message for problem in check_book(read_book(sources("")))}


@pytest.mark.parametrize("name", CASES)
def test_each_doubt_is_told_once_with_place_and_severity(name: str) -> None:
    """A book gets exactly the listed problems beyond those of the base book."""
    text, expected = CASES[name]
    problems = [problem for problem in check_book(read_book(sources(text))) if problem.message not in OWN]
    told = [(f"{problem.line}:{problem.column}", problem.severity, problem.code) for problem in problems]
    assert told == [(place, severity, code) for place, severity, code, _ in expected], problems
    for problem, (*_, part) in zip(problems, expected, strict=True):
        assert part in str(problem)


def test_the_base_book_has_no_error() -> None:
    """What surrounds the cases is sound."""
    assert [problem for problem in check_book(read_book(sources(""))) if problem.severity == "error"] == []


@pytest.mark.parametrize("name", ["waterfall", "olist"])
def test_the_examples_have_no_errors(name: str) -> None:
    """What newcomers start from is without an error; the waterfall without a warning, too."""
    problems: list[Any] = check_book(read_book(read_sources(EXAMPLES / name)))
    assert [problem for problem in problems if problem.severity == "error" or name == "waterfall"] == []
