"""A practice Salesforce."""
