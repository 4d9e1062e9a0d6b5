"""A practice HubSpot: the v3 and v4 dialect over real HTTP, for rehearsal and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from leadline.connectors.practice.harness import Harness, PracticeOptions
    from leadline.connectors.practice.organisation import Organisation


def hubspot_app(organisation: Organisation, harness: Harness, options: PracticeOptions | None = None) -> Starlette:
    """Return a HubSpot portal filled from ``organisation`` (see ``hubspot.app``, which is imported only here)."""
    from leadline.connectors.practice.hubspot.app import hubspot_app as made

    return made(organisation, harness, options)
