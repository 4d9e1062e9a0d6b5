"""Reading ``leadline.yml``: where the rule book and the state are, and how to reach each CRM.

Secrets stand in the environment and are named as ``${VARIABLE}``; a secret written into the file is refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from leadline.common.bookfiles import CONFIGURATION, read_bounded
from leadline.common.errors import BookError, LeadlineError, Problem, UsageError
from leadline.common.yamltree import MAX_BYTES, MappingNode, Node, Scalar, parse
from leadline.sync.config_words import in_our_words, nearest
from leadline.sync.pull.upkeep import Upkeep
from leadline.sync.secrets import SECRET, secret_of

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    from leadline.common.values import Crm
    from leadline.connectors.protocol import WriteConnector
    from leadline.connectors.settings import CallShare, HubSpotSettings, SalesforceSettings
    from leadline.connectors.webhooks import Channel
    from leadline.sync.watching.settings import AlertSettings, LogSettings

    Model = TypeVar("Model", bound=BaseModel)

DEFAULT_STATE: Final = "sqlite:///leadline.db"
_KEYS: Final = ("rules", "state", "salesforce", "hubspot", "channels", "shadow", "upkeep", "log", "alerts")
_SECRETS: Final = frozenset(
    {"token", "client_secret", "refresh_token", "password", "security_token", "key", "webhook"}
)
_URL_PASSWORD: Final = re.compile(r"://[^:/@]*:([^@]+)@")


@dataclass(frozen=True, slots=True)
class Config:
    """What ``leadline.yml`` says, checked. Directories and a SQLite file in ``state_url`` are absolute.

    ``shadow_dir`` holds the candidate book that runs beside the live one, if there is one. ``secrets`` are the values
    that stand in the environment, for what must never show them.
    """

    path: Path
    rules_dir: Path
    state_url: str
    salesforce: SalesforceSettings | None = None
    hubspot: HubSpotSettings | None = None
    channels: Mapping[str, Channel] = field(default_factory=dict)
    shadow_dir: Path | None = None
    upkeep: Upkeep = field(default_factory=Upkeep)
    log: LogSettings | None = None
    alerts: AlertSettings | None = None
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def shares(self) -> dict[Crm, CallShare]:
        """How many calls Leadline may make of each CRM."""
        blocks: dict[Crm, SalesforceSettings | HubSpotSettings | None] = {
            "salesforce": self.salesforce,
            "hubspot": self.hubspot,
        }
        return {crm: block.quota for crm, block in blocks.items() if block is not None}

    @property
    def crms(self) -> tuple[Crm, ...]:
        """The CRMs that are configured."""
        found: list[Crm] = []
        if self.salesforce is not None:
            found.append("salesforce")
        if self.hubspot is not None:
            found.append("hubspot")
        return tuple(found)

    def require_crms(self) -> None:
        """Raise UsageError when no CRM is configured."""
        if not self.crms:
            raise UsageError(f"{self.path}: no CRM is configured; add a `salesforce:` or `hubspot:` block")


def load_config(
    path: Path | str = CONFIGURATION, environ: Mapping[str, str] | None = None, *, crms: bool = True
) -> Config:
    """Read and check a configuration; ``environ`` defaults to the process's environment.

    Without ``crms`` the CRMs' blocks are not read: checking a book or explaining a person needs no secret.
    A directory means the ``leadline.yml`` in it. Raises UsageError with every problem found, each with its line.
    """
    path = Path(path)
    path = path / CONFIGURATION if path.is_dir() else path
    try:
        data = read_bounded(path, MAX_BYTES)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; write one with `leadline init`") from error
    if data is None:
        raise UsageError(f"{path}: larger than {MAX_BYTES:,} bytes, which is the most that is read")
    try:
        tree = parse(str(path), data)
    except BookError as error:
        raise UsageError(str(error)) from error
    reader = _Reader(str(path), os.environ if environ is None else environ)
    config = reader.config(path, tree, crms=crms)
    if config is None or reader.problems:
        raise UsageError("\n".join(str(problem) for problem in sorted(reader.problems)))
    return config


def connect_all(config: Config) -> dict[Crm, WriteConnector]:
    """Connect to every configured CRM; when one cannot be reached, the others are closed again.

    Raises what the connectors raise (CredentialsError, UnavailableError, ...), UsageError when none is configured.
    """
    config.require_crms()
    connected: dict[Crm, WriteConnector] = {}
    try:
        if config.salesforce is not None:
            from leadline.connectors import salesforce

            connected["salesforce"] = salesforce.connect(config.salesforce)
        if config.hubspot is not None:
            from leadline.connectors import hubspot

            connected["hubspot"] = hubspot.connect(config.hubspot)
    except LeadlineError:
        for connector in connected.values():
            connector.close()
        raise
    return connected


class _Reader:
    """Collects every problem of one file on the way to a Config."""

    def __init__(self, file: str, environ: Mapping[str, str]) -> None:
        self.file = file
        self.environ = environ
        self.problems: list[Problem] = []
        self.secrets: set[str] = set()
        self.home = Path(file).absolute().parent

    def config(self, path: Path, tree: Node, *, crms: bool) -> Config | None:
        if not isinstance(tree, MappingNode):
            self._problem(tree, "the configuration is not a mapping", "begin with `rules: .`")
            return None
        for entry in tree.entries:
            if entry.name not in _KEYS:
                self._unknown(entry.key, _KEYS)
        home = path.absolute().parent
        salesforce = self._salesforce(tree.get("salesforce"), home) if crms else None
        hubspot = self._hubspot(tree.get("hubspot")) if crms else None
        channels = self._channels(tree.get("channels")) if crms else {}
        log = self._log(tree.get("log"), home)
        alerts = self._alerts(tree.get("alerts"), channels) if crms else None
        rules = home / self._text(tree, "rules", ".")
        state = _absolute(self._text(tree, "state", DEFAULT_STATE), home)
        shadow = home / self._text(tree, "shadow", "candidate") if tree.get("shadow") is not None else None
        upkeep = self._upkeep(tree.get("upkeep"))
        secrets = frozenset(self.secrets)
        return Config(path, rules, state, salesforce, hubspot, channels, shadow, upkeep, log, alerts, secrets)

    def _text(self, tree: MappingNode, name: str, default: str) -> str:
        node = tree.get(name)
        if node is None:
            return default
        if not isinstance(node, Scalar) or not node.text:
            self._problem(node, f"`{name}` is not a text", f"write `{name}: {default}`")
            return default
        password = _URL_PASSWORD.search(node.text)
        if password and not SECRET.fullmatch(password[1]):
            hint = "put it in the environment and write postgresql://user:${NAME}@host/leadline"
            self._problem(node, f"a secret stands in the file under `{name}`", hint)
        text = self._expanded(node) or default
        self.secrets |= {found[1] for found in _URL_PASSWORD.finditer(text)}
        return text

    def _salesforce(self, node: Node | None, home: Path) -> SalesforceSettings | None:
        if node is None:
            return None
        from leadline.connectors.settings import SalesforceSettings

        values = self._plain(node)
        auth = values.get("auth") if isinstance(values, dict) else None
        _place(auth, "key_file", home)
        _place(auth, "token_file", home)
        return self._valid("salesforce", node, SalesforceSettings, values)

    def _hubspot(self, node: Node | None) -> HubSpotSettings | None:
        if node is None:
            return None
        from leadline.connectors.settings import HubSpotSettings

        values = self._plain(node)
        _place(values.get("oauth") if isinstance(values, dict) else None, "token_file", self.home)
        return self._valid("hubspot", node, HubSpotSettings, values)

    def _log(self, node: Node | None, home: Path) -> LogSettings | None:
        if node is None:
            return None
        from leadline.sync.watching.settings import LogSettings

        values = self._plain(node)
        _place(values, "file", home)
        return self._valid("log", node, LogSettings, values)

    def _alerts(self, node: Node | None, channels: Mapping[str, Channel]) -> AlertSettings | None:
        if node is None:
            return None
        from leadline.sync.watching.settings import AlertSettings

        found = self._valid("alerts", node, AlertSettings, self._plain(node))
        if found is not None and not found.channels and found.email is None:
            self._problem(node, "`alerts` names nobody to tell", "give `channels`, `email`, or both")
        for name in found.channels if found is not None else ():
            if name not in channels:
                close = get_close_matches(name, channels, 1, 0.5)
                hint = f"did you mean `{close[0]}`?" if close else "add it under `channels:`"
                self._problem(node, f"`alerts.channels`: there is no channel `{name[:60]}`", hint)
        return found

    def _valid(self, block: str, node: Node, model: type[Model], values: Any) -> Model | None:
        from pydantic import ValidationError

        try:
            return model.model_validate(values)
        except ValidationError as error:
            self._invalid(block, node, error)
        return None

    def _channels(self, node: Node | None) -> dict[str, Channel]:
        if node is None:
            return {}
        if not isinstance(node, MappingNode):
            hint = 'write "#sales-managers": {webhook: ${SLACK_SALES_MANAGERS}, format: slack}'
            self._problem(node, "`channels` is not a block", hint)
            return {}
        from leadline.connectors.webhooks import Channel

        read = {
            entry.name: self._valid("channels", entry.value, Channel, self._plain(entry.value))
            for entry in node.entries
        }
        return {name: channel for name, channel in read.items() if channel is not None}

    def _upkeep(self, node: Node | None) -> Upkeep:
        if node is None:
            return Upkeep()
        from leadline.sync.pull.upkeep_settings import UpkeepSettings

        found = self._valid("upkeep", node, UpkeepSettings, self._plain(node))
        return Upkeep() if found is None else found.upkeep()

    def _plain(self, node: Node, key: str = "") -> Any:
        """Return texts throughout (the settings' types read numbers from text), variables expanded."""
        if isinstance(node, MappingNode):
            return {entry.name: self._plain(entry.value, entry.name) for entry in node.entries}
        if not isinstance(node, Scalar):
            return [self._plain(item, key) for item in node.items]
        if key in _SECRETS and node.text and not SECRET.fullmatch(node.text):
            hint = f"put it in the environment and write {key}: ${{NAME}}"
            self._problem(node, f"a secret stands in the file under `{key}`", hint)
            return node.text
        text = self._expanded(node)
        if key in _SECRETS and text:
            self.secrets.add(text)
        return text

    def _expanded(self, node: Scalar) -> str | None:
        if node.value is None:
            return None

        def value(match: re.Match[str]) -> str:
            try:
                return secret_of(match, self.environ, self.home)
            except UsageError as error:
                self._problem(node, str(error), getattr(error, "hint", ""))
                return "unset"

        text = SECRET.sub(value, node.text)
        if "${" in SECRET.sub("", node.text):
            hint = "write ${NAME}, ${file:PATH} or ${keyring:SERVICE/NAME}"
            self._problem(node, "a variable is not closed or not a name", hint)
        return text

    def _invalid(self, block: str, node: Node, error: ValidationError) -> None:
        for mark, message, hint in in_our_words(block, node, error):
            self.problems.append(Problem(self.file, mark.line, mark.column, message, hint, "configuration"))

    def _unknown(self, key: Scalar, known: Sequence[str]) -> None:
        self._problem(key, f"unknown key `{key.text[:60]}`", nearest(key.text, known))

    def _problem(self, node: Node, message: str, hint: str) -> None:
        mark = node.mark
        self.problems.append(Problem(self.file, mark.line, mark.column, message, hint, "configuration"))


def _place(values: Any, key: str, home: Path) -> None:
    """Make a file's name relative to the configuration, so that the working directory does not choose it."""
    if isinstance(values, dict) and isinstance(values.get(key), str):
        values[key] = str(home / values[key])


def _absolute(state: str, home: Path) -> str:
    """Make a relative SQLite path absolute, so that the working directory does not choose the state."""
    prefix = "sqlite:///"
    if not state.startswith(prefix) or state.startswith(prefix + "/") or state == f"{prefix}:memory:":
        return state
    return f"{prefix}{home / state.removeprefix(prefix)}"
