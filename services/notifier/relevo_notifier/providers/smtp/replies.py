"""How a mail server's replies are to be read.

Sources: RFC 5321 section 4.2.1 (4yz: try again, 5yz: don't), RFC 3463 (enhanced codes), RFC 4954 (authentication).
"""

import re

from relevo_notifier.core.provider_results import ProviderResult, Rejected, Sent, TryLater

_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_NO_SUCH_ADDRESS = {"5.1.1", "5.1.2", "5.1.6", "5.1.10"}
_ABOUT_US = {530, 534, 535, 538}  # RFC 4954: the server wants us to authenticate; no message is at fault


def read_smtp(code: int, text: str) -> ProviderResult:
    """How an SMTP reply to a message or its envelope is to be read."""
    match = _ENHANCED.match(text)
    enhanced = ".".join(match.groups()) if match else ""
    detail = {"smtp": str(code), "reply": text[:500]} | ({"enhanced": enhanced} if enhanced else {})
    reason = f"the mail server answered {code} {text}"[:300]
    if 200 <= code < 300:
        return Sent(provider_id=text[:200], detail=detail)
    # A full mailbox is 5yz in many servers, and yet it passes (RFC 3463 section 3.3: X.2.2 is a persistent transient).
    if 400 <= code < 500 or code in _ABOUT_US or enhanced == "5.2.2":
        return TryLater(reason=reason, detail=detail)
    return Rejected(reason=reason, suppress=enhanced in _NO_SUCH_ADDRESS, detail=detail)
