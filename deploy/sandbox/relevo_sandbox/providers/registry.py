"""The counterparts of the providers over HTTP, one line each. That of SMTP is a server of its own."""

from relevo_sandbox.providers.postmark.api import PostmarkSandbox
from relevo_sandbox.providers.twilio.api import SmsSandbox

APIS = (
    PostmarkSandbox,
    SmsSandbox,
)
