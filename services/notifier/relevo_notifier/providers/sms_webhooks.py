"""What the webhooks of the providers of SMS have in common: the address that they sign, parameters, numbers."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from relevo_notifier.app.ports import WebhookForm, WebhookRequest
from relevo_notifier.core.feedback import Feedback
from relevo_notifier.core.inbound import Inbound, number_of
from relevo_notifier.providers.webhooks import json_of, text_at

REFERENCE = "message"
"""The parameter of a callback's address that names a text."""
EITHER = WebhookForm(methods=("GET", "POST"))
_PORTS = {"https": 443, "http": 80}


def callback(url: str, reference: str) -> str:
    """The address at which a provider tells what became of a text."""
    return f"{url}{'&' if urlsplit(url).query else '?'}{REFERENCE}={reference}"


def public_addresses(url: str, query: str) -> list[str]:
    """The address that was asked, as a provider may have written it: `url` as it is seen from outside, whatever proxy
    is before it, with and without the port that its scheme has anyway.
    """
    parts = urlsplit(url)
    own = parts._replace(query=query or parts.query)
    port = _PORTS.get(parts.scheme)
    host = parts.hostname or ""
    found = [own]
    if port is not None and parts.port in (None, port):
        found += [own._replace(netloc=host), own._replace(netloc=f"{host}:{port}")]
    return list(dict.fromkeys(urlunsplit(one) for one in found))


def parameters(request: WebhookRequest) -> dict[str, str]:
    """The parameters of the address, and those of the body over them: a form, or a JSON object."""
    found = dict(parse_qsl(request.query, keep_blank_values=True))
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.body and media_type == "application/json":
        told = json_of(request.body)
        return found | ({str(name): text_at(told, name) for name in told} if isinstance(told, dict) else {})
    return found | dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def e164(digits: str) -> str:
    """A number as it was handed over, from the way in which a provider writes it."""
    return number_of(digits) or digits


def named(told: Mapping[str, str]) -> str:
    """The text that a callback's address names."""
    return told.get(REFERENCE, "")


Told = Feedback | Inbound
