"""Messages: the same ids in every language, with the same arguments, and text that does not depend on the reader."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from gettext import GNUTranslations
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from leadline.common.errors import UsageError
from leadline.common.messages import ENGLISH, LANGUAGES, Message, language_named, language_of_environment, told
from leadline.common.messages.english import TEXTS

ROOT = Path(__file__).parents[2]
LOCALES = ROOT / "leadline" / "common" / "messages" / "locale"
CHINESE = language_named("zh")
TRANSLATED = [code for code in LANGUAGES if code != "en"]


def arguments(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_message_is_in_every_catalogue_with_the_same_arguments(code: str) -> None:
    """No id is missing, left over or empty; every form names what the English text names; the .mo is of the .po."""
    path = LOCALES / code.replace("-", "_") / "LC_MESSAGES" / "leadline.po"
    with path.open("rb") as stream:
        entries = {item.context: item for item in read_po(stream) if item.id}
    assert set(entries) == set(TEXTS)
    with path.with_suffix(".mo").open("rb") as stream:
        compiled = GNUTranslations(stream)
    for id, english in TEXTS.items():
        entry = entries[id]
        assert entry.id == english, id
        assert not entry.fuzzy, id
        said = (
            (compiled.pgettext(id, english),)
            if isinstance(english, str)
            else tuple(compiled.npgettext(id, *english, count) for count in range(len(entry.string)))
        )
        assert said == ((entry.string,) if isinstance(entry.string, str) else entry.string), id
        forms = (english,) if isinstance(english, str) else english
        wanted = {name for form in forms for name in arguments(form)}
        needed = set.intersection(*(arguments(form) for form in forms))
        for text in (entry.string,) if isinstance(entry.string, str) else entry.string:
            assert text, id
            assert needed <= arguments(text) <= wanted, id


def test_chinese_texts_hold_no_english() -> None:
    """Beside arguments, commands in backquotes and abbreviations of the trade, nothing Latin stands there."""
    path = LOCALES / "zh_CN" / "LC_MESSAGES" / "leadline.po"
    with path.open("rb") as stream:
        texts = {item.context: str(item.string) for item in read_po(stream) if item.id}
    for id, text in texts.items():
        bare = re.sub(r"\{\w+\}|`[^`]*`", "", text)
        assert set(re.findall(r"[A-Za-z]{2,}", bare)) <= {"CRM", "MQL", "SAL", "SQL", "SLA"}, id


def test_every_language_has_a_catalogue() -> None:
    """The list of languages and the folders agree."""
    assert {path.name for path in LOCALES.iterdir()} == {code.replace("-", "_") for code in TRANSLATED}


def test_every_id_that_the_code_says_exists_and_every_text_is_said() -> None:
    """An id in the code that has no text would fail when said; a text that nobody says is dead."""
    sources = [path.read_text() for path in (ROOT / "leadline").rglob("*.py") if "messages/english" not in str(path)]
    said = set(re.findall(r'"([a-z_]+(?:\.[a-z_]+)*)"', "\n".join(sources)))
    built = [re.escape(text) for text in re.findall(r'f"([a-z_]+\.(?:[a-z_.]|\{[^"{}]*\})*)"', "\n".join(sources))]
    patterns = [re.compile(re.sub(r"\\{.*?\\}", r"[a-z_.]+", text)) for text in built]
    unsaid = {
        id
        for id in TEXTS
        if id not in said
        and not id.endswith(".between")
        and not any(pattern.fullmatch(id) for pattern in patterns)
        and not id.startswith("explain.")
    }
    assert not unsaid
    assert {id for id in TEXTS if id.startswith("explain.")} >= {id for id in said if id.startswith("explain.")}


def test_a_message_is_its_english_text_and_remembers_what_it_is_made_of() -> None:
    """It compares, joins and pickles as text; its id and arguments come back."""
    message = Message("seen.value", field="employees", value=Decimal("208.50"))
    assert message == "`employees` is 208.5"
    again = pickle.loads(pickle.dumps(message))
    assert (again, again.id, again.arguments) == (message, message.id, message.arguments)
    assert ENGLISH.text(message) == message
    with pytest.raises(KeyError):
        Message("no.such.id")


@pytest.mark.parametrize(
    ("message", "english", "chinese"),
    [
        (Message("days", count=1), "1 day", "1 天"),
        (Message("days", count=30), "30 days", "30 天"),
        (Message("seen.value", field="need", value=True), "`need` is yes", "`need` 为 是"),
        (
            Message("seen.since", at=datetime(2026, 6, 1, tzinfo=UTC)),
            "since 2026-06-01T00:00:00Z",
            "自 2026-06-01T00:00:00Z 起",
        ),
        (Message("names", items=("a", Message("none"))), "a, none", "a、无"),
        (Message("test.was_in", stages=("mql", "sal")), "was in mql or sal", "曾处于 mql 或 sal"),
        (Message("test.not", test=Message("test.known", field="{phone}")), "not {phone} known", "非 {phone} 已知"),
    ],
)
def test_arguments_are_said_in_the_language_too(message: Message, english: str, chinese: str) -> None:
    """Plural forms, yes and no, instants, lists and messages inside of messages; braces of a name are its own."""
    assert (ENGLISH.text(message), CHINESE.text(message)) == (english, chinese)


def test_the_books_own_words_are_never_translated() -> None:
    """A text that is no message stays, and is the same inside of one."""
    assert CHINESE.text("ask the boss") == "ask the boss"
    assert CHINESE.text(Message("why", stage="MQL", reason="ask the boss")) == "MQL：ask the boss"


def test_machines_get_ids_arguments_and_text() -> None:
    """Each message is an object, everything else as ever."""
    message = Message("hint", field="employees", test=Message("test.compared", sign=">=", operands=(Decimal(200),)))
    inner = {"id": "test.compared", "text": ">= 200", "arguments": {"sign": ">=", "operands": ["200"]}}
    outer = {"id": "hint", "text": "employees >= 200", "arguments": {"field": "employees", "test": inner}}
    assert told({"hint": message, "points": Decimal(5)}, ENGLISH) == {"hint": outer, "points": "5"}


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_TW.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LEADLINE_LANGUAGE": "zh"}, "zh-CN"),
        ({"LANG": "zh_SG", "LEADLINE_LANGUAGE": "en-US"}, "en"),
        ({"LC_MESSAGES": "zh_CN.GB18030@x", "LEADLINE_LANGUAGE": ""}, "zh-CN"),
    ],
)
def test_the_reader_s_language(environment: dict[str, str], code: str) -> None:
    """Our own variable comes first, then the locale as the C library reads it; what we do not speak is English."""
    assert language_of_environment(environment).code == code


def test_a_language_that_is_asked_for_and_not_there_is_refused() -> None:
    """Never a silent English page for somebody who asked for another language."""
    with pytest.raises(UsageError, match="there are en, zh-CN"):
        language_of_environment({"LEADLINE_LANGUAGE": "tlh"})


def test_english_loads_no_catalogue() -> None:
    """Saying something in English reads no file and no gettext."""
    code = (
        "import sys; from leadline.common.messages import Message, ENGLISH; ENGLISH.text(Message('no'));"
        " print('gettext' in sys.modules, 'babel' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["False", "False"]
