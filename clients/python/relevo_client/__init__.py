"""Sends a shop's events to Relevo: typed payloads, ids that can be sent again, waiting where the answer asks for it.

from relevo_client import Client, Event
from relevo_contracts.payloads import Buyer, OrderChanged

with Client("https://relevo.example.com", "tea", "the token", source="erp") as relevo:
    relevo.send(Event("order.placed", OrderChanged(customer=Buyer(id="7"), order_id="1001"), id="order-1001"))
"""

from relevo_client.client import Accepted, Client, Event, Receipt, Retry
from relevo_client.errors import RelevoError, RelevoProblem, Unreachable, WrongPlace

__all__ = [
    "Accepted",
    "Client",
    "Event",
    "Receipt",
    "RelevoError",
    "RelevoProblem",
    "Retry",
    "Unreachable",
    "WrongPlace",
]
