"""How a mail server's replies are to be read.

Sources: RFC 5321 section 4.2.1 (4yz: try again, 5yz: don't) and 3.8 (421), RFC 3463 (enhanced codes), RFC 4954
(authentication); Gmail, "Gmail SMTP errors and codes" (421 4.7.28, 4.4.5); Amazon SES, "Errors related to the sending
quotas" (454 Throttling failure).
"""

import re

from relevo_notifier.core.provider_results import Concern, ProviderResult, Rejected, Sent, TryLater

_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_NO_SUCH_ADDRESS = {"5.1.1", "5.1.2", "5.1.6", "5.1.10"}
_ABOUT_US = {530, 534, 535, 538}  # RFC 4954: the server wants us to authenticate; no message is at fault
_ABOUT_RATE = {421, 450, 451, 452}


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
        return TryLater(reason=reason, detail=detail, concern=_concern(code, enhanced, text))
    return Rejected(reason=reason, suppress=enhanced in _NO_SUCH_ADDRESS, detail=detail)


def _concern(code: int, enhanced: str, text: str) -> Concern:
    """Whom a temporary refusal concerns. What speaks of policy or of a busy system (x.7.x, 4.4.5) is about the domain
    that gets too much, as far as the relay passes that on.
    """
    if code in _ABOUT_US:
        return "provider"
    if code == 454 and "throttling" in text.lower():
        return "rate"
    if code in _ABOUT_RATE and (enhanced.startswith("4.7.") or enhanced == "4.4.5" or "rate limit" in text.lower()):
        return "destination"
    return "provider" if code == 421 else "message"
