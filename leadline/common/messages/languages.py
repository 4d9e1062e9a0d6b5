"""The languages that explanations are written in, and which one a reader wants.

English is in the code; another language's catalogue is a gettext ``.mo`` beside this module, read when first used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from leadline.common.errors import UsageError
from leadline.common.messages.english import TEXTS
from leadline.common.messages.message import Message, filled

if TYPE_CHECKING:
    from gettext import GNUTranslations

LANGUAGES: Final = ("en", "zh-CN")
"""Language tags (BCP 47). The catalogue of ``zh-CN`` is in ``locale/zh_CN``."""

_ALSO: Final = {"zh": "zh-CN", "zh-hans": "zh-CN", "zh-hans-cn": "zh-CN", "zh-sg": "zh-CN", "zh-hans-sg": "zh-CN"}
VARIABLES: Final = ("LEADLINE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@dataclass(frozen=True, slots=True)
class Language:
    """One language to say messages in; ``code`` is its tag."""

    code: str

    def text(self, said: str) -> str:
        """Return a message in this language; a text that is no message (the book's own words) stays as it is."""
        if not isinstance(said, Message) or self.code == "en":
            return str(said)
        return filled(said.id, said.arguments, self._template)

    def _template(self, id: str, count: int | None) -> str:
        catalogue = _catalogue(self.code)
        english = TEXTS[id]
        if isinstance(english, str):
            return catalogue.pgettext(id, english)
        return catalogue.npgettext(id, *english, 2 if count is None else count)


ENGLISH: Final = Language("en")


def language_named(name: str) -> Language:
    """Return the language of a tag such as ``zh-CN``, ``zh_CN`` or ``zh``. Raises UsageError for any other one."""
    found = _found(name)
    if found is None:
        raise UsageError(f"no language {name[:20]!r}; there are {', '.join(LANGUAGES)}")
    return found


def language_of_environment(environment: Mapping[str, str]) -> Language:
    """Return the reader's language: LEADLINE_LANGUAGE, else the locale's where we speak it, else English.

    Raises UsageError for a LEADLINE_LANGUAGE that we do not speak; a locale that we do not speak is no mistake.
    """
    if environment.get(VARIABLES[0]):
        return language_named(environment[VARIABLES[0]])
    locale = next((environment[name] for name in VARIABLES[1:] if environment.get(name)), "en")
    return _found(locale) or ENGLISH


def _found(name: str) -> Language | None:
    tag = name.partition(".")[0].partition("@")[0].replace("_", "-").lower()
    known = {code.lower(): code for code in LANGUAGES} | _ALSO
    code = known.get(tag) or known.get(tag.partition("-")[0] if tag.startswith("en-") else tag)
    return None if code is None else Language(code)


@cache
def _catalogue(code: str) -> GNUTranslations:
    from gettext import GNUTranslations

    place = files("leadline.common.messages").joinpath("locale", code.replace("-", "_"), "LC_MESSAGES", "leadline.mo")
    with place.open("rb") as stream:
        return GNUTranslations(stream)
