"""What Zendesk is asked. Sources: its reference, "Tickets", "Ticket Audits", "Idempotency" and "Security and
authentication".
"""

from typing import Any
from urllib.parse import quote

from relevo_contracts.systems.helpdesk import AddComment, CreateTicket
from relevo_notifier.core.requests import basic_auth
from relevo_notifier.core.systems import Access, Ask

REFERENCE = "relevo_reference"
"""In the metadata of an update: by what it is known again."""


def create(given: CreateTicket, access: Access, reference: str) -> Ask:
    """A new ticket. Zendesk remembers an idempotency key for two hours, the external id for good."""
    ticket: dict[str, Any] = {
        "subject": given.subject,
        "comment": {"body": given.message, "public": given.public},
        "requester": {"email": given.email, "name": given.name or given.email},
        "external_id": reference,
    }
    if given.priority:
        ticket["priority"] = given.priority
    if given.tags:
        ticket["tags"] = given.tags
    return _ask("POST", "/api/v2/tickets.json", access, body={"ticket": ticket}, idempotency=reference)


def created_as(access: Access, reference: str) -> Ask:
    """The tickets with an external id."""
    return _ask("GET", "/api/v2/tickets.json", access, query={"external_id": reference})


def comment(given: AddComment, access: Access, reference: str) -> Ask:
    """A comment; updates know no idempotency, so the audit of this one has the reference."""
    ticket = {"comment": {"body": given.message, "public": given.public}, "metadata": {REFERENCE: reference}}
    return _ask("PUT", _path(given.ticket_id), access, body={"ticket": ticket})


def audits(ticket_id: str, access: Access) -> Ask:
    """The last hundred updates of a ticket."""
    path = _path(ticket_id).removesuffix(".json") + "/audits.json"
    return _ask("GET", path, access, query={"page[size]": "100", "sort": "-created_at"})


def ticket(ticket_id: str, access: Access) -> Ask:
    """A ticket as it is."""
    return _ask("GET", _path(ticket_id), access)


def solve(ticket_id: str, access: Access) -> Ask:
    """A ticket is solved; done twice it is done once."""
    return _ask("PUT", _path(ticket_id), access, body={"ticket": {"status": "solved"}})


def me(access: Access) -> Ask:
    """Whose token it is."""
    return _ask("GET", "/api/v2/users/me.json", access)


def _path(ticket_id: str) -> str:
    return f"/api/v2/tickets/{quote(ticket_id, safe='')}.json"


def _ask(
    method: str,
    path: str,
    access: Access,
    *,
    query: dict[str, str] | None = None,
    body: Any = None,
    idempotency: str = "",
) -> Ask:
    opened = basic_auth(f"{access.credentials['email']}/token", access.credentials["token"])
    return Ask(
        method=method,
        path=path,
        query=query or {},
        headers={"Authorization": opened},
        body=body,
        idempotency=idempotency,
    )
