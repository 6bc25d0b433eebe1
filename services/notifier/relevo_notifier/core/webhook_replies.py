"""What incoming webhooks of chat services answer, in words that say what to do. Pure.

Sources: Slack's documentation, "Sending messages using incoming webhooks" (Handling errors); Microsoft's, "Create
incoming webhooks with Workflows for Microsoft Teams".
"""

from relevo_contracts.messages import Webhook
from relevo_notifier.core.replies import Replied

_SLACK = {
    "invalid_payload": "the message is malformed",
    "user_not_found": "the user that it posts to does not exist",
    "channel_not_found": "the channel that it posts to does not exist: make a webhook for another one",
    "channel_is_archived": "the channel is archived: make a webhook for another one",
    "action_prohibited": "an administrator restricts who may post there",
    "posting_to_general_channel_denied": "only some may post to the general channel: make a webhook for another one",
    "no_active_hooks": "the webhook is disabled: make another one",
    "no_service": "the webhook was disabled, removed or is not valid: make another one",
    "no_service_id": "the address of the webhook is not complete",
    "no_team": "the workspace does not exist any more, or the address is not complete",
    "team_disabled": "the workspace is disabled",
    "invalid_token": "the address of the webhook is not valid: copy it again",
    "too_many_attachments": "the message has too many parts",
    "no_text": "the message has no text",
    "rollup_error": "Slack failed at it",
}
_TEAMS = {
    400: "the card is malformed, or the workflow expects something else",
    401: "the workflow may not be run by anybody: set who can trigger it to anyone, or make another one",
    403: "the workflow may not be run by anybody: set who can trigger it to anyone, or make another one",
    404: "the workflow does not exist any more: make another one",
    413: "the message is larger than 28 KB",
}
_NAMES = {"slack": "Slack", "teams": "Teams"}


def is_throttled(webhook: Webhook, reply: Replied) -> bool:
    """Whether Teams was asked too often and says so in an answer of success (its documentation, "Rate limiting")."""
    return webhook == "teams" and isinstance(reply.body, str) and "HTTP error 429" in reply.body


def refusal(webhook: Webhook, reply: Replied) -> str:
    """Why what was posted is not there; empty: it is there, or nobody posted it to a webhook."""
    if not webhook or 200 <= reply.status < 300:
        return ""
    code = reply.body.strip() if isinstance(reply.body, str) else ""
    why = _SLACK.get(code, "") if webhook == "slack" else _TEAMS.get(reply.status, "")
    said = f"{_NAMES[webhook]} answered {reply.status}" + (f" {code}" if code in _SLACK and webhook == "slack" else "")
    return f"{said}: {why}" if why else said
