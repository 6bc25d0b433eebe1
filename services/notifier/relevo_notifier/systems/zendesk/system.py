"""Zendesk as a helpdesk."""

from relevo_contracts.systems.helpdesk import AddComment, CloseTicket, CreateTicket, HelpdeskTicket
from relevo_notifier.core.systems import Access, Conversation, System, SystemCall
from relevo_notifier.systems.zendesk import replies, requests


def create_ticket(given: CreateTicket, call: SystemCall) -> Conversation[HelpdeskTicket]:
    """Asks first for the ticket of an earlier attempt: the idempotency key is forgotten after two hours."""
    if call.repeated:
        known = replies.first_ticket((yield requests.created_as(call.access, call.reference)), call.access)
        if known is not None:
            return known
    return replies.created((yield requests.create(given, call.access, call.reference)), call.access)


def add_comment(given: AddComment, call: SystemCall) -> Conversation[HelpdeskTicket]:
    """Asks first for the update of an earlier attempt."""
    if call.repeated:
        listed = yield requests.audits(given.ticket_id, call.access)
        if replies.has_update(listed, call.access, call.reference):
            return replies.one_ticket((yield requests.ticket(given.ticket_id, call.access)), call.access)
    return replies.one_ticket((yield requests.comment(given, call.access, call.reference)), call.access)


def close(given: CloseTicket, call: SystemCall) -> Conversation[HelpdeskTicket]:
    """Solves the ticket. One that is closed for good already refuses every change, and is what was wanted."""
    reply = yield requests.solve(given.ticket_id, call.access)
    if reply.status == 422:
        found = replies.one_ticket((yield requests.ticket(given.ticket_id, call.access)), call.access)
        if found.status == "closed":
            return found
    return replies.one_ticket(reply, call.access)


def probe(access: Access) -> Conversation[str]:
    """Whose token it is."""
    return replies.account((yield requests.me(access)), access)


ZENDESK = System(
    name="zendesk",
    title="Zendesk",
    port="helpdesk",
    credentials={
        "email": "the address of the agent as whom Relevo acts",
        "token": "Admin Center, Apps and integrations, APIs, Zendesk API: an API token",
    },
    operations={"create_ticket": create_ticket, "add_comment": add_comment, "close": close},
    probe=probe,
)
