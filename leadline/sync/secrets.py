"""Secrets that a configuration names: of the environment, of a file that its owner alone may read, of a keyring."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from leadline.common.errors import UsageError
from leadline.connectors.grants import require_private

SECRET: Final = re.compile(r"\$\{(?:(file|keyring):([^{}]+)|([A-Za-z_][A-Za-z0-9_]*))\}")
"""``${NAME}``, ``${file:PATH}`` or ``${keyring:SERVICE/NAME}``."""

_LARGEST: Final = 65_536


class SecretError(UsageError):
    """A secret cannot be had; ``hint`` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def secret_of(match: re.Match[str], environ: Mapping[str, str], home: Path) -> str:
    """Return what a match of ``SECRET`` stands for; ``home`` is where relative paths begin. Raises UsageError."""
    kind, where, name = match[1], match[2], match[3]
    if kind == "file":
        return _of_file(home / Path(where).expanduser())
    if kind == "keyring":
        return _of_keyring(where)
    found = environ.get(name)
    if found is None:
        raise SecretError(f"the environment has no {name}", f"export {name}=...")
    return found


def _of_file(path: Path) -> str:
    try:
        require_private(path)
        data = path.read_bytes()
        if len(data) > _LARGEST:
            raise SecretError(f"{path} is too large for a secret", f"at most {_LARGEST:,} bytes")
        return data.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise SecretError(f"{path} is no text", "write the secret into it, and nothing else") from None
    except OSError as error:
        raise SecretError(f"{path} cannot be read: {error.strerror}", "is the path right?") from error


def _of_keyring(where: str) -> str:
    service, _, name = where.partition("/")
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise SecretError("keyring is not installed", "pip install 'leadline[keyring]'") from None
    try:
        found = keyring.get_password(service, name)
    except KeyringError as error:
        what = type(error).__name__
        raise SecretError(f"the keyring cannot be read ({what})", "unlock it, or use ${file:...}") from error
    if found is None:
        raise SecretError(f"the keyring has no {where}", f"keyring set {service} {name}")
    return str(found)
