"""HubSpot, through hubspot-api-client: ``connect(settings)`` gives a connector."""

from leadline.connectors.hubspot.connector import HubSpotConnector, connect

__all__ = ["HubSpotConnector", "connect"]
