"""What is wrong with a block of ``leadline.yml``, in the file's own words: pydantic's are about Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from leadline.common.marks import Mark
from leadline.common.yamltree import MappingNode, Node, Scalar, locate

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_FLOWS: Final = ("client_credentials", "jwt", "password", "refresh")


def in_our_words(block: str, node: Node, error: ValidationError) -> Iterator[tuple[Mark, str, str]]:
    """Yield a place, a message and a hint for each thing that is wrong.

    ``block`` is the name that ``node`` stands under, such as ``salesforce``. Values of the file are left out, as they
    may be secrets, but for the name of a sign-in flow.
    """
    for found in error.errors(include_input=False, include_url=False, include_context=False):
        steps = _steps(node, found["loc"])
        name = ".".join([block, *(str(step) for step in steps)])
        yield locate(node, steps), *_words(block, node, name, steps, found)


def nearest(word: str, known: Sequence[str], otherwise: str = "known here:") -> str:
    """Return a hint: the known word that is meant, else all of them."""
    close = get_close_matches(word, known, 1, 0.5)
    return f"did you mean `{close[0]}`?" if close else f"{otherwise} {', '.join(known)}"


def _words(block: str, node: Node, name: str, steps: Sequence[str | int], found: ErrorDetails) -> tuple[str, str]:
    kind = found["type"]
    if kind == "extra_forbidden":
        known = _known_keys(block, nested=len(steps) > 1)
        return f"unknown key `{steps[-1] if steps else name}`", nearest(str(steps[-1]) if steps else "", known)
    if kind == "missing":
        return f"`{name}` is missing", ""
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return f"`{name}` is not a block", "write its keys below it, indented, such as `url: ${NAME}`"
    if kind == "union_tag_not_found":
        return f"`{name}.flow` is missing", f"one of {', '.join(_FLOWS)}"
    if kind == "union_tag_invalid":
        flow = _text_at(node, (*steps, "flow"))
        return f"`{name}.flow`: there is no sign-in flow `{flow[:60]}`", nearest(flow, _FLOWS, "one of")
    if kind == "string_pattern_mismatch":
        return f"`{name}` is no version of the API", "write it like 62.0"
    if kind == "string_too_short":
        return f"`{name}` is empty", "is the environment variable set?"
    return f"`{name}`: {found['msg'].removeprefix('Value error, ').replace('Input should', 'should')}", ""


def _steps(node: Node, loc: Sequence[str | int]) -> list[str | int]:
    """Drop what pydantic adds to a path (the tag of a union) and the file does not have."""
    steps: list[str | int] = []
    for place, step in enumerate(loc):
        last = place == len(loc) - 1
        inner = node.get(str(step)) if isinstance(node, MappingNode) else None
        if inner is not None:
            node = inner
            steps.append(step)
        elif last and not isinstance(node, Scalar):
            steps.append(step)
    return steps


def _text_at(node: Node, steps: Sequence[str | int]) -> str:
    """Return the text that stands at a path as the file has it, variables not expanded."""
    for step in steps:
        node = (node.get(str(step)) if isinstance(node, MappingNode) else None) or node
    return node.text if isinstance(node, Scalar) else ""


def _known_keys(block: str, *, nested: bool) -> list[str]:
    from leadline.connectors import settings

    if block == "channels":
        from leadline.connectors.webhooks import Channel

        return sorted(Channel.model_fields)
    if block in {"log", "alerts"}:
        from leadline.connectors.mail import Mailbox
        from leadline.sync.watching.settings import AlertSettings, LogSettings

        return sorted((Mailbox if nested else LogSettings if block == "log" else AlertSettings).model_fields)
    if block == "upkeep":
        from leadline.sync.pull.upkeep_settings import UpkeepSettings

        return sorted(UpkeepSettings.model_fields)
    if not nested:
        model = settings.SalesforceSettings if block == "salesforce" else settings.HubSpotSettings
        return sorted(model.model_fields)
    if block == "hubspot":
        return sorted({*settings.OAuthApp.model_fields, *settings.CallShare.model_fields})
    ways = (settings.ClientCredentials, settings.JwtBearer, settings.Password, settings.RefreshToken)
    return sorted({name for way in (*ways, settings.CallShare) for name in way.model_fields})
