"""The port `helpdesk`: where customer service works on what customers ask."""

from typing import Literal

from msgspec import Struct

from relevo_contracts.systems.operation import Operation, Text

Priority = Literal["", "low", "normal", "high", "urgent"]


class CreateTicket(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket of the customer with this address, who is added if the helpdesk does not know them.

    A ticket that is not `public` is a note of the shop: the customer neither sees it nor hears of it.
    """

    subject: Text
    message: Text
    email: Text
    name: str = ""
    priority: Priority = ""
    tags: list[str] = []
    public: bool = True


class AddComment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A comment to a ticket; one that is `public` goes to the customer."""

    ticket_id: Text
    message: Text
    public: bool = False


class CloseTicket(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The ticket is settled; it opens again if the customer answers."""

    ticket_id: Text


class HelpdeskTicket(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The ticket as it is now. `url` is where the staff sees it, `status` is in the helpdesk's words."""

    ticket_id: str
    url: str = ""
    status: str = ""


_EXAMPLE = HelpdeskTicket(ticket_id="35436", url="https://acme.zendesk.com/agent/tickets/35436", status="new")

OPERATIONS = (
    Operation(
        name="helpdesk.create_ticket",
        summary="opens a ticket for a customer",
        given=CreateTicket,
        answer=HelpdeskTicket,
        example=_EXAMPLE,
    ),
    Operation(
        name="helpdesk.add_comment",
        summary="adds a comment to a ticket, for the staff or for the customer",
        given=AddComment,
        answer=HelpdeskTicket,
        example=_EXAMPLE,
    ),
    Operation(
        name="helpdesk.close",
        summary="settles a ticket",
        given=CloseTicket,
        answer=HelpdeskTicket,
        example=HelpdeskTicket(ticket_id="35436", url=_EXAMPLE.url, status="solved"),
    ),
)
