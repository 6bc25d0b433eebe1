"""The port `crm`: what sales knows of people, and the business that it hopes for."""

from typing import Any

from msgspec import Struct

from relevo_contracts.parts import Money
from relevo_contracts.systems.operation import Operation, PlainDay, Text


class UpsertContact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The person with this address, added or changed; what is empty stays as it is there.

    `attributes` are fields of the CRM by its own names.
    """

    email: Text
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    company: str = ""
    country: str = ""
    attributes: dict[str, Any] = {}


class CrmContact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The person as the CRM knows them. `created`: they were not known before."""

    contact_id: str
    created: bool = False


class CreateDeal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Business that may come of a contact. `stage` and `pipeline` are ids of the CRM; empty: those of its settings.

    `attributes` are fields of the CRM by its own names.
    """

    name: Text
    amount: Money | None = None
    stage: str = ""
    pipeline: str = ""
    contact_id: str = ""
    close_on: PlainDay = ""
    note: str = ""
    attributes: dict[str, Any] = {}


class CrmDeal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The deal."""

    deal_id: str


OPERATIONS = (
    Operation(
        name="crm.upsert_contact",
        summary="adds or changes a person",
        given=UpsertContact,
        answer=CrmContact,
        example=CrmContact(contact_id="512"),
    ),
    Operation(
        name="crm.create_deal",
        summary="opens a deal",
        given=CreateDeal,
        answer=CrmDeal,
        example=CrmDeal(deal_id="9021"),
    ),
)
