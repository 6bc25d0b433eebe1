"""A mail that SES received, inside of a notification of SNS. Pure.

Source: Amazon SES developer guide, "Contents of notifications for Amazon SES email receiving". Only the action SNS of a
receipt rule has the mail itself (`content`), of 150 KB at most, as UTF-8 or Base64. SES refuses nothing by DMARC: what
fails it is no more believed than spam.
"""

import base64
from collections.abc import Mapping
from typing import Any

from relevo_notifier.app.ports import UnreadableError
from relevo_notifier.core.posted_mail import PostedMail, whole
from relevo_notifier.providers.webhooks import json_of, text_at

_VERDICTS = ("spamVerdict", "virusVerdict", "dmarcVerdict")
_MOST_RECIPIENTS = 100


def mails_of(message: str) -> list[PostedMail]:
    """The mail of a notification; none if it tells something else. Raises `UnreadableError`."""
    told = json_of(message) if message.startswith("{") else None
    if text_at(told, "notificationType") != "Received" or not isinstance(told, dict):
        return []
    content = _content(told)
    recipients = [text_at(told, "receipt", "recipients", number) for number in range(_MOST_RECIPIENTS)]
    failed = any(text_at(told, "receipt", verdict, "status") == "FAIL" for verdict in _VERDICTS)
    return [whole(content, recipients, spam=failed)]


def _content(told: Mapping[str, Any]) -> bytes:
    content = text_at(told, "content")
    if not content:
        raise UnreadableError("it has no mail: let the receipt rule have the action SNS, which sends the content")
    if ":" in content:  # every mail has one in its head, and Base64 has none
        return content.encode("utf-8", "replace")
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except ValueError as error:
        raise UnreadableError("its content is not Base64") from error
