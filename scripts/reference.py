"""Write ``docs/reference/`` from the code: verbs and options, words of the rule language, errors and exit codes.

Usage: python scripts/reference.py [--check]
With ``--check`` nothing is written; it ends with 1 when a page no longer says what the code does.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from leadline.cli import verbs
from leadline.common import errors
from leadline.common.problem_codes import CODES
from leadline.common.vocabulary import ACTIVITY_KINDS, OBJECTS, PERSON_OBJECTS
from leadline.rules.reading import words
from leadline.rules.reading.book import LATER, SECTIONS
from leadline.rules.reading.conditions import WORDS
from leadline.sync.doctor.findings import KINDS
from leadline.sync.watching.metrics import METRICS

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
NOTICE = "<!-- Written by scripts/reference.py from the code; `make docs` writes it again. -->\n\n"


def main(check: bool) -> int:
    """Write every page, or only compare; return the exit code."""
    pages = {
        "verbs.md": verbs_page(),
        "vocabulary.md": vocabulary_page(),
        "errors.md": errors_page(),
        "metrics.md": metrics_page(),
    }
    pages["findings.md"] = findings_page()
    stale = [name for name, text in pages.items() if not is_current(name, text)]
    if check:
        for name in stale:
            sys.stderr.write(f"docs/reference/{name} is out of date: run `make docs`\n")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (FOLDER / name).write_text(pages[name], encoding="utf-8")
    return 0


def is_current(name: str, text: str) -> bool:
    """Return whether a page stands there just so."""
    path = FOLDER / name
    return path.is_file() and path.read_text(encoding="utf-8") == text


def verbs_page() -> str:
    """Return the page of verbs, options and exit codes."""
    lines = ["# Verbs\n", NOTICE.strip(), ""]
    lines += ["Results go to stdout, logs and progress to stderr. Every verb takes `--json`.", ""]
    lines += ["Exit codes stand on [the page of errors](errors.md).", ""]
    for name, command in commands(verbs, "leadline"):
        lines += [f"## `{name}`", "", *(command.help or "").strip().splitlines(), ""]
        context = click.Context(command, info_name=name)
        lines += ["```text", command.get_usage(context).removeprefix("Usage: "), "```", ""]
        rows = [record for parameter in command.get_params(context) if (record := parameter.get_help_record(context))]
        if rows:
            lines += ["| argument or option | meaning |", "|---|---|"]
            lines += [f"| `{cell(option)}` | {cell(meaning)} |" for option, meaning in rows]
            lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def commands(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its whole name, those of a group after it."""
    for own, command in group.commands.items():
        yield f"{name} {own}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {own}")


def cell(text: str) -> str:
    """Return a text that does not end its cell of a Markdown table."""
    return text.replace("|", "\\|")


def vocabulary_page() -> str:
    """Return the page of sections, condition words, objects and kinds of activity."""
    lines = ["# Words of the rule language\n", NOTICE.strip(), ""]
    lines += ["Sections of a rule book: " + ", ".join(f"`{name}`" for name in SECTIONS) + ".", ""]
    if LATER:
        lines += ["Known but refused until a later version: " + ", ".join(f"`{name}`" for name in LATER) + ".", ""]
    lines += ["## Conditions", "", "| word | keys beside it |", "|---|---|"]
    for name, entry in sorted(WORDS.items()):
        beside = ", ".join(f"`{key}`" for key in entry.companions)
        lines.append(f"| `{name}` | {beside or '-'} |")
    lines += ["", "A field's or score's own name is a condition too: `{country: DE}`, `{fit: {at_least: 40}}`.", ""]
    lines += ["## Objects", "", "| CRM | objects | of them people |", "|---|---|---|"]
    lines += [f"| {crm} | {', '.join(names)} | {', '.join(PERSON_OBJECTS[crm])} |" for crm, names in OBJECTS.items()]
    lines += ["", "## Kinds of activity", "", "| CRM | kind | attributes a rule may test |", "|---|---|---|"]
    for crm, kinds in ACTIVITY_KINDS.items():
        lines += [f"| {crm} | `{kind}` | {', '.join(names) or '-'} |" for kind, names in kinds.items()]
    return "\n".join(lines) + "\n"


def errors_page() -> str:
    """Return the page of errors, by what to do about them, and of the codes of problems."""
    lines = ["# Errors and exit codes\n", NOTICE.strip(), ""]
    lines += ["0 done, 1 the rules or a guard say no, 2 usage, 3 the outside world failed, 130 interrupted.", ""]
    lines += ["| error | exit code | meaning |", "|---|---|---|"]
    for name, kind in family(errors.LeadlineError):
        lines.append(f"| `{name}` | {kind.exit_code} | {meaning(kind)} |")
    lines += ["", "## Problems of a rule book", ""]
    lines += ["`leadline check --json` and `--format sarif` name each problem by one of these codes.", ""]
    lines += ["| code | meaning |", "|---|---|", *(f"| `{code}` | {text} |" for code, text in CODES.items())]
    return "\n".join(lines) + "\n"


def findings_page() -> str:
    """Return the page of what `leadline doctor` finds, with what to click in each CRM."""
    lines = ["# Findings of `leadline doctor`\n", NOTICE.strip(), ""]
    lines += [
        "An error keeps the book from its work: `leadline doctor` ends with 1. A warning may; a note is to know.",
        "",
    ]
    lines += ["`{object}`, `{name}` and `{value}` stand for what is missing.", ""]
    for ident, kind in KINDS.items():
        lines += [f"## `{ident}`", "", f"{kind.severity.capitalize()}. {kind.meaning}", ""]
        lines += [f"- {crm}: {click}" for crm, click in kind.clicks.items()] + [""]
    return "\n".join(lines).rstrip() + "\n"


def metrics_page() -> str:
    """Return the page of metrics."""
    lines = ["# Metrics\n", NOTICE.strip(), ""]
    lines += ["`leadline metrics` and `leadline sync --metrics FILE` write these in Prometheus' text format; "]
    lines[-1] += (
        "[how to monitor](../how-to/monitor.md) says how to collect them. All are gauges: they say what the state"
    )
    lines += ["holds now, and erasing a person makes some smaller. What has no value yet is left out.", ""]
    lines += ["| metric | labels | meaning |", "|---|---|---|"]
    for one in METRICS:
        labels = ", ".join(f"`{name}`" for name in one.labels) or "-"
        lines.append(f"| `{one.name}` | {labels} | {cell(one.says)} |")
    return "\n".join(lines) + "\n"


def meaning(kind: type[errors.LeadlineError]) -> str:
    """Return the first line of an error's docstring as Markdown, without the exit code that its own column has."""
    first = (kind.__doc__ or "").strip().splitlines()[0]
    return re.sub(r" Exit code \d\.$", "", first).replace("``", "`")


def family(kind: type[errors.LeadlineError]) -> Iterator[tuple[str, type[errors.LeadlineError]]]:
    """Yield an error and everything below it, in the order in which they are defined."""
    yield kind.__name__, kind
    for child in kind.__subclasses__():
        yield from family(child)


if __name__ == "__main__":
    assert words  # importing it registers the condition words
    sys.exit(main("--check" in sys.argv[1:]))
