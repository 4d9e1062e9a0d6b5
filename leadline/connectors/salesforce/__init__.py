"""Salesforce, through simple-salesforce: ``connect(settings)`` gives a connector."""

from leadline.connectors.salesforce.connector import SalesforceConnector, connect

__all__ = ["SalesforceConnector", "connect"]
