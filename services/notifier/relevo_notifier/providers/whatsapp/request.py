"""A message as the Cloud API takes it.

Source: Meta, "Messages" and "Template components" of the WhatsApp Business Platform.
"""

from collections.abc import Mapping
from typing import Any

from relevo_contracts.template import Approved, Parameter
from relevo_notifier.app.ports import Message

_MEDIA = ("image", "video", "document")
_BUTTONS: Mapping[str, tuple[str, str, str]] = {
    "url": ("url", "text", "text"),
    "code": ("copy_code", "coupon_code", "coupon_code"),
    "reply": ("quick_reply", "payload", "payload"),
}
"""For each kind of button its type, the type of its parameter, and where the text stands there."""


def request_of(message: Message) -> dict[str, Any]:
    """The body of the request: an approved template with what goes into it, or a text."""
    request: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.recipient.removeprefix("+"),
    }
    if message.reference:
        request["biz_opaque_callback_data"] = message.reference
    if isinstance(message.content, Approved):
        return request | {"type": "template", "template": _template(message.content)}
    return request | {"type": "text", "text": {"preview_url": True, "body": message.text}}


def _template(approved: Approved) -> dict[str, Any]:
    components: list[dict[str, Any]] = []
    if approved.header is not None:
        components.append({"type": "header", "parameters": [_header(approved.header)]})
    if approved.body:
        components.append({"type": "body", "parameters": [{"type": "text", "text": one} for one in approved.body]})
    components += [_button(one) for one in approved.buttons]
    template: dict[str, Any] = {"name": approved.name, "language": {"code": approved.language}}
    return template | ({"components": components} if components else {})


def _header(header: Parameter) -> dict[str, Any]:
    if header.kind in _MEDIA:
        return {"type": header.kind, header.kind: {"link": header.text}}
    return {"type": "text", "text": header.text}


def _button(button: Parameter) -> dict[str, Any]:
    type_, of_parameter, field = _BUTTONS[button.kind]
    parameter = {"type": of_parameter, field: button.text}
    return {"type": "button", "sub_type": type_, "index": str(button.index), "parameters": [parameter]}
