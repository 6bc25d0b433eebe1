"""HubSpot as a CRM."""

from relevo_contracts.systems.crm import CreateDeal, CrmContact, CrmDeal, UpsertContact
from relevo_notifier.core.systems import Access, Conversation, System, SystemCall
from relevo_notifier.systems.hubspot import replies, requests


def upsert_contact(given: UpsertContact, call: SystemCall) -> Conversation[CrmContact]:
    """Done twice it is done once: the address is what HubSpot knows a person by."""
    found = replies.record((yield requests.contact(given, call.access)), call.access)
    return CrmContact(contact_id=found.id, created=found.new and not call.repeated)


def create_deal(given: CreateDeal, call: SystemCall) -> Conversation[CrmDeal]:
    """Written by our unique property, which the first deal of an account makes."""
    reply = yield requests.deal(given, call.access, call.reference)
    if reply.status in (400, 404) and replies.is_missing((yield requests.reference_property(call.access))):
        replies.made((yield requests.make_reference_property(call.access)), call.access)
        reply = yield requests.deal(given, call.access, call.reference)
    found = replies.record(reply, call.access)
    if given.contact_id:
        replies.associated((yield requests.associate(found.id, given.contact_id, call.access)), call.access)
    return CrmDeal(deal_id=found.id)


def probe(access: Access) -> Conversation[str]:
    """Whose token it is."""
    return replies.account((yield requests.account(access)), access)


HUBSPOT = System(
    name="hubspot",
    title="HubSpot",
    port="crm",
    base_url="https://api.hubapi.com",
    credentials={"token": "Settings, Integrations, Private Apps: the access token of an app of yours"},
    settings={
        "pipeline": "optional: the id of the pipeline of deals that name none",
        "stage": "optional: the id of the stage of deals that name none",
    },
    operations={"upsert_contact": upsert_contact, "create_deal": create_deal},
    probe=probe,
)
