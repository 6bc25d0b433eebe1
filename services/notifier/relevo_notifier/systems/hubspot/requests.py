"""What HubSpot is asked. Sources: its OpenAPI documents of contacts, deals, properties (v3) and associations (v4).

A record is written by "upsert": what has this value of a unique property is changed, else it is added. People have one,
their address. Deals get one of ours, which is made in the account when it is missing.
"""

from typing import Any
from urllib.parse import quote

from relevo_contracts.systems.crm import CreateDeal, UpsertContact
from relevo_notifier.core.systems import Access, Ask

REFERENCE = "relevo_reference"
STAGE, PIPELINE = "appointmentscheduled", "default"
"""Those of the pipeline that every account begins with."""


def contact(given: UpsertContact, access: Access) -> Ask:
    """A person by their address."""
    named = {
        "firstname": given.first_name,
        "lastname": given.last_name,
        "phone": given.phone,
        "company": given.company,
        "country": given.country,
    }
    properties = {name: value for name, value in named.items() if value} | _texts(given.attributes)
    return _upsert("contacts", "email", given.email, properties, access)


def deal(given: CreateDeal, access: Access, reference: str) -> Ask:
    """A deal by our reference."""
    named = {
        "dealname": given.name,
        "dealstage": given.stage or access.settings.get("stage", "") or STAGE,
        "pipeline": given.pipeline or access.settings.get("pipeline", "") or PIPELINE,
        "closedate": given.close_on,
        "description": given.note,
    }
    if given.amount is not None:
        named |= {"amount": given.amount.amount, "deal_currency_code": given.amount.currency}
    properties = {name: value for name, value in named.items() if value} | _texts(given.attributes)
    return _upsert("deals", REFERENCE, reference, properties, access)


def reference_property(access: Access) -> Ask:
    """Our property of deals, if it is there."""
    return _ask("GET", f"/crm/v3/properties/deals/{REFERENCE}", access)


def make_reference_property(access: Access) -> Ask:
    """Our property of deals."""
    body = {
        "name": REFERENCE,
        "label": "Relevo reference",
        "description": "By this Relevo knows that a deal is there already. Do not change it.",
        "groupName": "dealinformation",
        "type": "string",
        "fieldType": "text",
        "hasUniqueValue": True,
        "formField": False,
    }
    return _ask("POST", "/crm/v3/properties/deals", access, body)


def associate(deal_id: str, contact_id: str, access: Access) -> Ask:
    """A deal is of a contact; done twice it is done once."""
    path = f"/crm/v4/objects/deals/{quote(deal_id, safe='')}/associations/default/contacts/{quote(contact_id, safe='')}"
    return _ask("PUT", path, access)


def account(access: Access) -> Ask:
    """Whose token it is."""
    return _ask("GET", "/account-info/v3/details", access)


def _upsert(objects: str, unique: str, value: str, properties: dict[str, str], access: Access) -> Ask:
    one = {"id": value, "idProperty": unique, "properties": {unique: value, **properties}}
    return _ask("POST", f"/crm/v3/objects/{objects}/batch/upsert", access, {"inputs": [one]})


def _texts(attributes: dict[str, Any]) -> dict[str, str]:
    """Values as HubSpot takes them: text, also of numbers and of yes and no."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in attributes.items()
        if value is not None
    }


def _ask(method: str, path: str, access: Access, body: Any = None) -> Ask:
    headers = {"Authorization": f"Bearer {access.credentials['token']}"}
    return Ask(method=method, path=path, headers=headers, body=body)
