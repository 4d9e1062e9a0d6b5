"""Practice CRMs: local servers that speak Salesforce's and HubSpot's HTTP dialects, for rehearsal and tests."""
