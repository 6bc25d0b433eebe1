"""Who a delivery goes to: the contact of an event exactly, the customer by what is known by now."""

from datetime import timedelta

import msgspec

from relevo_contracts.contact import Contact
from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import Skip
from relevo_notifier.core.policy import MaySend, Verdict, may_send
from relevo_notifier.core.work import Work
from tests.notifier.support import NOON, customer, delivery

MOVED = msgspec.structs.replace(customer(email="new@example.com"), updated_at=NOON)
FRIEND = Contact(email="friend@example.com", phone="+12025550177", updated_at=NOON - timedelta(days=1))


def verdict(item: SendDelivery, known: Contact | None, suppressed: frozenset[str] = frozenset()) -> Verdict:
    work = Work(delivery=item, lease=NOON, accepted_at=NOON, known=known)
    return may_send(item, work.contact(), suppressed, NOON)


def test_news_of_an_order_goes_to_its_contact_whatever_is_known_of_the_customer() -> None:
    item = delivery(purpose="transactional", recipient=FRIEND, to="contact")
    assert verdict(item, MOVED) == MaySend("friend@example.com")
    assert verdict(msgspec.structs.replace(item, channel="sms"), MOVED) == MaySend("+12025550177")


def test_what_goes_to_the_customer_goes_to_their_newest_address() -> None:
    assert verdict(delivery(purpose="transactional"), MOVED) == MaySend("new@example.com")


def test_marketing_never_goes_to_the_contact_of_an_event() -> None:
    skipped = verdict(delivery(recipient=FRIEND, to="contact"), MOVED)
    assert isinstance(skipped, Skip)
    assert skipped.rule == "no_consent"


def test_an_address_that_bounced_is_not_written_to_as_a_contact_either() -> None:
    item = delivery(purpose="transactional", recipient=FRIEND, to="contact")
    skipped = verdict(item, MOVED, frozenset({"friend@example.com"}))
    assert isinstance(skipped, Skip)
    assert skipped.rule == "suppressed"
