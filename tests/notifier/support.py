"""What the notifier's tests speak of: a shop, a customer, a delivery, a small definition of its own."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from relevo_contracts.consents import Consent
from relevo_contracts.contact import Contact
from relevo_contracts.messages import SendDelivery
from relevo_contracts.template import Approved, Template
from relevo_notifier.core.work import Work
from relevo_runtime.catalog import Shop

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
VERSION = "0123456789abcdef"

SHOP = Shop(
    shop="acme",
    platform="shopify",
    name="Acme & Sons",
    domain="acme.example.com",
    email_from="Acme & Sons <hello@acme.example.com>",
    sms_from="+12025550100",
    locale="en",
    timezone="Europe/Madrid",
)

LAYOUT = """<mjml><mj-head><mj-title>{{ text.subject }}</mj-title></mj-head><mj-body><mj-section><mj-column>
<mj-text>{{ text.heading }}</mj-text>
{%- for paragraph in text.body %}<mj-text>{{ paragraph }}</mj-text>{% endfor %}
{%- for item in items %}<mj-text>{{ item.quantity }} x {{ item.title }}: {{ item.price }}</mj-text>{% endfor %}
{%- if total != "" %}<mj-text>{{ words.total }}: {{ total }}</mj-text>{% endif %}
<mj-button href="{{ link }}">{{ text.button }}</mj-button>
{%- if unsubscribe_url != "" %}<mj-text><a href="{{ unsubscribe_url }}">{{ words.unsubscribe }}</a></mj-text>{% endif %}
</mj-column></mj-section></mj-body></mjml>"""

LAYOUT_TEXT = """{{ text.heading }}
{% for paragraph in text.body %}{{ paragraph }}
{% endfor %}{{ text.button }}: {{ link }}
{% if unsubscribe_url != "" %}{{ words.unsubscribe }}: {{ unsubscribe_url }}{% endif %}"""

WORDS = {
    "en": {"total": "Total", "unsubscribe": "Unsubscribe"},
    "es": {"total": "Total", "unsubscribe": "Darse de baja"},
}

REMINDER = Template(
    name="reminder",
    channel="email",
    layout="plain",
    link="{{ trigger.recover_url }}",
    items="trigger.items",
    total="trigger.total",
    locales={
        "en": {
            "subject": "{{ customer.first_name }}, your cart of {{ trigger.total | money }}",
            "heading": "Your cart",
            "body": ["It waits for you at {{ shop.name }}.", "Until {{ trigger.expires_at | date: 'long' }}."],
            "button": "Go on",
        },
        "es": {
            "subject": "{{ customer.first_name }}, tu cesta de {{ trigger.total | money }}",
            "heading": "Tu cesta",
            "body": ["Te espera en {{ shop.name }}.", "Hasta el {{ trigger.expires_at | date: 'long' }}."],
            "button": "Seguir",
        },
    },
)
SHIPPED = Template(
    name="shipped", channel="sms", locales={"en": {"text": "{{ shop.name }}: order {{ trigger.number }}"}}
)
PARCEL = Template(
    name="parcel",
    channel="whatsapp",
    approved=Approved(name="order_shipped", body=("{{ customer.first_name }}", "{{ trigger.number }}")),
    locales={
        "en": {
            "language": "en_US",
            "body": "Hello {{1}}, order {{2}} is on its way.",
            "text": "Order {{ trigger.number }} is on its way, {{ customer.first_name }}.",
        }
    },
)
ANSWER = Template(name="answer", channel="whatsapp", locales={"en": {"text": "Yes, {{ customer.first_name }}."}})
WAITS = Template(
    name="waits",
    channel="push",
    link="{{ trigger.recover_url }}",
    locales={"en": {"title": "{{ customer.first_name }}, your cart waits", "text": "{{ trigger.total | money }}"}},
)
BROKEN = Template(
    name="broken",
    channel="email",
    layout="plain",
    locales={"en": {"subject": "ok", "heading": "ok", "body": ["fine", "one\ntwo {{ trigger.total | oops }}"]}},
)

CONTEXT: dict[str, Any] = {
    "trigger": {
        "recover_url": "https://acme.example.com/cart?a=1&b=2",
        "items": [{"title": "Cup <blue>", "quantity": 2, "price": {"amount": "12.50", "currency": "EUR"}}],
        "total": {"amount": "1225.00", "currency": "EUR"},
        "expires_at": "2026-03-05T23:30:00Z",
        "number": "1001",
    },
    "run": {},
    "customer": {"first_name": "Ana"},
    "shop": {"name": "Acme & Sons", "domain": "acme.example.com"},
}


def files(*templates: Template) -> dict[str, str]:
    """The files of a definition, as the deploy step makes them."""
    compiled = {template.name: template for template in templates or (REMINDER, SHIPPED, PARCEL, ANSWER, WAITS, BROKEN)}
    return {
        "compiled/templates.json": msgspec.json.encode(compiled).decode(),
        "layouts/plain.mjml": LAYOUT,
        "layouts/plain.txt": LAYOUT_TEXT,
        "layouts/plain.json": msgspec.json.encode(WORDS).decode(),
    }


def customer(email: str = "ana@example.com", phone: str = "+12025550123", consent: str = "granted") -> Contact:
    """A customer who has agreed to both channels an hour ago."""
    said = Consent(state=consent, at=NOON - timedelta(hours=1), source="test")  # type: ignore[arg-type]
    # the tests give every state as plain text
    return Contact(
        email=email,
        phone=phone,
        first_name="Ana",
        email_consent=said,
        sms_consent=said,
        whatsapp_consent=said,
        push_consent=said,
        updated_at=NOON - timedelta(hours=1),
    )


def delivery(number: int = 1, *, at: datetime = NOON, **changes: Any) -> SendDelivery:
    """A marketing mail to Ana, decided at `at`, good for a day."""
    values: Mapping[str, Any] = {
        "id": f"run{number}/send-reminder/1",
        "shop": "acme",
        "key": f"customer-{number}",
        "run_id": f"run{number}",
        "workflow": "abandoned-cart",
        "definition": VERSION,
        "step": "send-reminder",
        "channel": "email",
        "purpose": "marketing",
        "template": "reminder",
        "recipient": customer(email=f"ana{number}@example.com"),
        "context": CONTEXT,
        "decided_at": at,
        "not_after": at + timedelta(days=1),
    }
    if changes.get("channel") == "sms":
        changes.setdefault("template", "shipped")
    return SendDelivery(**{**values, **changes})


def work(item: SendDelivery | None = None, **changes: Any) -> Work:
    """A delivery in its first attempt."""
    return Work(
        **{
            "delivery": item or delivery(),
            "lease": NOON + timedelta(minutes=2),
            "attempts": 1,
            "accepted_at": NOON,
            **changes,
        }
    )
