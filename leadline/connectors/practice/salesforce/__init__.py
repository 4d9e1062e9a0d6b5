"""A practice Salesforce: a local server that speaks the REST dialect, for rehearsal and for tests."""

from leadline.connectors.practice.salesforce.app import salesforce_app

__all__ = ["salesforce_app"]
