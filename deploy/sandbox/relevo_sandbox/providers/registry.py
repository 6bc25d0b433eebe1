"""The counterparts of the providers over HTTP, one line each. That of SMTP is a server of its own."""

from relevo_sandbox.providers.brevo.api import BrevoSandbox
from relevo_sandbox.providers.mailgun.api import MailgunSandbox
from relevo_sandbox.providers.messagebird.api import MessageBirdSandbox
from relevo_sandbox.providers.plivo.api import PlivoSandbox
from relevo_sandbox.providers.postmark.api import PostmarkSandbox
from relevo_sandbox.providers.sendgrid.api import SendGridSandbox
from relevo_sandbox.providers.ses.api import SesSandbox
from relevo_sandbox.providers.twilio.api import SmsSandbox
from relevo_sandbox.providers.vonage.api import VonageSandbox
from relevo_sandbox.providers.webpush.api import WebPushSandbox
from relevo_sandbox.providers.whatsapp.api import WhatsAppSandbox

APIS = (
    PostmarkSandbox,
    SesSandbox,
    SendGridSandbox,
    MailgunSandbox,
    BrevoSandbox,
    SmsSandbox,
    VonageSandbox,
    MessageBirdSandbox,
    PlivoSandbox,
    WhatsAppSandbox,
    WebPushSandbox,
)
