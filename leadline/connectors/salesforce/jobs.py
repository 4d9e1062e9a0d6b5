"""What query and ingest jobs of Bulk API 2.0 have in common: they are made, looked at until they end, or ended."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from leadline.common.errors import ContractError, LeadlineError, PermissionMissingError
from leadline.connectors.http_meter import Purpose
from leadline.connectors.salesforce.client import SalesforceClient

_DONE: Final = "JobComplete"
_ENDS: Final = (_DONE, "Failed", "Aborted")


class JobUnusableError(LeadlineError):
    """A job did not come to its end; whoever wanted it goes on by other means."""


class Job:
    """One job at ``path`` below the versioned data address; ``over`` once it has come to an end, good or bad."""

    def __init__(self, client: SalesforceClient, path: str, purpose: Purpose) -> None:
        self._client = client
        self._purpose = purpose
        self.path = path
        self.over = False

    def until_done(self, waits: Sequence[float]) -> Generator[tuple[()], None, Mapping[str, Any]]:
        """Look after each wait (seconds) until it is complete, and return what the last look told.

        Yields an empty page before each wait. Raises JobUnusableError where it ends otherwise or takes longer.
        """
        for seconds in waits:
            yield ()
            self._client.sleep(seconds)
            try:
                told: Mapping[str, Any] = self._client.get(self.path, self._purpose)
            except (ContractError, PermissionMissingError) as error:
                raise JobUnusableError(f"Salesforce does not tell how a bulk job stands ({error})") from error
            self.over = told.get("state") in _ENDS
            if told.get("state") == _DONE:
                return told
            if self.over:
                raise JobUnusableError(f"a bulk job of Salesforce ended as {told['state']}")
        raise JobUnusableError(f"a bulk job of Salesforce was not done after {sum(waits) / 60:.0f} minutes")


@contextmanager
def started(client: SalesforceClient, kind: str, body: Mapping[str, str], purpose: Purpose) -> Iterator[Job]:
    """Make a job (``query`` or ``ingest``); one that is not over when it is left is aborted.

    Calls: 1, and 1 to abort. Raises JobUnusableError where none is to be had.
    """
    try:
        told = client.post(f"jobs/{kind}", body, purpose)
    except (ContractError, PermissionMissingError) as error:
        raise JobUnusableError(f"Salesforce takes no bulk job ({error})") from error
    ident = str(told.get("id", "")) if isinstance(told, Mapping) else ""
    if not ident.isalnum():
        raise JobUnusableError("Salesforce made a bulk job without an id")
    job = Job(client, f"jobs/{kind}/{ident}", purpose)
    try:
        yield job
    finally:
        if not job.over:
            with suppress(LeadlineError):
                client.patch(job.path, {"state": "Aborted"}, purpose)
