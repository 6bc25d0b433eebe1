"""HubSpot: people and deals, by the CRM API (developers.hubspot.com/docs/reference/api/crm)."""
