"""Each provider over the sandbox, for the suites that run on all of them; one that is registered has to be here."""

from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any

from pydantic import SecretStr

from relevo_contracts.template import Approved
from relevo_notifier.app.ports import Message, Provider
from relevo_notifier.core.mime import message_id, reference
from relevo_notifier.core.push import PushContent, Recipient
from relevo_notifier.providers.brevo.client import BrevoProvider
from relevo_notifier.providers.brevo.options import BrevoOptions
from relevo_notifier.providers.mailgun.client import MailgunProvider
from relevo_notifier.providers.mailgun.options import MailgunOptions
from relevo_notifier.providers.messagebird.client import MessageBirdProvider
from relevo_notifier.providers.messagebird.options import MessageBirdOptions
from relevo_notifier.providers.plivo.client import PlivoProvider
from relevo_notifier.providers.plivo.options import PlivoOptions
from relevo_notifier.providers.postmark.client import PostmarkProvider
from relevo_notifier.providers.postmark.options import PostmarkOptions
from relevo_notifier.providers.sendgrid.client import SendGridProvider
from relevo_notifier.providers.sendgrid.options import SendGridOptions
from relevo_notifier.providers.ses.client import SesProvider
from relevo_notifier.providers.ses.options import SesOptions
from relevo_notifier.providers.smtp.client import SmtpProvider
from relevo_notifier.providers.smtp.options import SmtpOptions
from relevo_notifier.providers.twilio.client import TwilioProvider
from relevo_notifier.providers.twilio.options import TwilioOptions
from relevo_notifier.providers.vonage.client import VonageProvider
from relevo_notifier.providers.vonage.options import VonageOptions
from relevo_notifier.providers.webpush.client import WebPushProvider
from relevo_notifier.providers.webpush.options import WebPushOptions
from relevo_notifier.providers.whatsapp.client import WhatsAppProvider
from relevo_notifier.providers.whatsapp.options import WhatsAppOptions
from relevo_sandbox.faults import ApiFaults, Faults
from relevo_sandbox.sandbox import Sandbox
from tests.notifier.test_mime import mail_content

TOKEN = "sandbox"
NUMBERS = [f"+1202555010{n}" for n in range(10)]
ADDRESSES = [f"ana{n}@example.com" for n in range(10)]
BROWSER_KEY = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
BROWSER_SECRET = "BTBZMqHH6r4Tts7J_aSIgg"
VAPID_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
"""Keys of a browser, and one to sign with: those of the example in RFC 8291."""
UNSUBSCRIBE = "https://example.com/u/" + "x" * 200


class Way:
    """A provider, and how its messages and faults are made.

    `suppresses`: a refused recipient is suppressed for good. `own_id`: it puts a Message-ID of its own.
    """

    def __init__(
        self,
        provider: Provider,
        sandbox: Sandbox,
        addresses: list[str],
        faults: dict[str, Callable[[str], Faults]],
        *,
        suppresses: bool = True,
        own_id: bool = False,
    ) -> None:
        self.provider = provider
        self.sandbox = sandbox
        self.addresses = addresses
        self.suppresses = suppresses
        self.own_id = own_id
        self._faults = faults

    def message(self, number: int = 0, *, name: str = "Ana", marketing: bool = False) -> Message:
        effect, to = f"run{number}/step/1", self.addresses[number % len(self.addresses)]
        if self.provider.channel == "push":
            push = PushContent(
                title=f"Hello {number}",
                text="Your cart waits",
                link="https://acme.example.com/",
                tag=reference("acme", effect),
                urgency="normal",
                devices=(Recipient(to, BROWSER_KEY, BROWSER_SECRET),),
            )
            return Message(effect, "acme", to, push)
        if self.provider.channel == "whatsapp":
            approved = Approved(name="greeting", body=(f"Ana {number}",), language="en_US")
            return Message(effect, "acme", to, approved, reference=reference("acme", effect))
        if self.provider.channel == "sms":
            return Message(effect, "+12025550100", to, f"Hello {number} ✓")
        url = UNSUBSCRIBE if marketing else ""
        mail = mail_content(effect=effect, recipient=to, recipient_name=name, unsubscribe_url=url)
        return Message(effect, "Acme <hello@acme.example.com>", to, mail)

    def mail(self) -> Any:
        """The only mail that arrived."""
        [message] = self.sandbox.box.messages()
        content = self.sandbox.box.mail(message.number)
        assert content is not None
        return message_from_bytes(content, policy=policy.default.clone(max_line_length=None))

    def message_id(self, message: Message) -> str:
        return message_id(message.mail.shop, message.effect, message.mail.sender)

    def play(self, fault: str) -> None:
        self.sandbox.fault_injector.set(self._faults[fault](self.addresses[0]))


def url_of(sandbox: Sandbox, port: int | None) -> str:
    return f"http://127.0.0.1:{port}" if port else sandbox.url


def api_faults(name: str, code: int = 1) -> dict[str, Callable[[str], Faults]]:
    return {
        "busy": lambda _: Faults(providers={name: ApiFaults(busy=1)}),
        "fail": lambda _: Faults(providers={name: ApiFaults(fail=1)}),
        "refuse": lambda address: Faults(providers={name: ApiFaults(refuse={address: code})}),
        "vanish": lambda _: Faults(providers={name: ApiFaults(vanish_every=1)}),
    }


def smtp(sandbox: Sandbox, port: int | None = None) -> Way:
    options = SmtpOptions(host="127.0.0.1", port=port or sandbox.smtp_port, tls="none", connections=4, timeout=2)
    faults: dict[str, Callable[[str], Faults]] = {
        "busy": lambda _: Faults(temporary=1),
        "refuse": lambda address: Faults(refuse=[address]),
        "vanish": lambda _: Faults(vanish_every=1),
    }
    return Way(SmtpProvider(options), sandbox, ADDRESSES, faults)


def twilio(sandbox: Sandbox, port: int | None = None, token: str = TOKEN) -> Way:
    options = TwilioOptions(
        url=url_of(sandbox, port), account="ACsandbox", token=SecretStr(token), connections=4, timeout=2
    )
    faults: dict[str, Callable[[str], Faults]] = {
        "busy": lambda _: Faults(sms_busy=1),
        "refuse": lambda address: Faults(sms_refuse={address: 21610}),
        "vanish": lambda _: Faults(sms_vanish_every=1),
    }
    return Way(TwilioProvider(options), sandbox, NUMBERS, faults)


def vonage(sandbox: Sandbox, port: int | None = None, token: str = TOKEN) -> Way:
    options = VonageOptions(url=url_of(sandbox, port), key="key", secret=SecretStr(token), connections=4, timeout=2)
    return Way(VonageProvider(options), sandbox, NUMBERS, api_faults("vonage", 7))


def messagebird(sandbox: Sandbox, port: int | None = None, token: str = TOKEN) -> Way:
    options = MessageBirdOptions(url=url_of(sandbox, port), key=SecretStr(token), connections=4, timeout=2)
    return Way(MessageBirdProvider(options), sandbox, NUMBERS, api_faults("messagebird"), suppresses=False)


def plivo(sandbox: Sandbox, port: int | None = None, token: str = TOKEN) -> Way:
    options = PlivoOptions(url=url_of(sandbox, port), account="MA1", token=SecretStr(token), connections=4, timeout=2)
    return Way(PlivoProvider(options), sandbox, NUMBERS, api_faults("plivo"), suppresses=False)


def postmark(sandbox: Sandbox, port: int | None = None, token: str = TOKEN) -> Way:
    options = PostmarkOptions(url=url_of(sandbox, port), token=SecretStr(token), connections=4, timeout=2)
    return Way(PostmarkProvider(options), sandbox, ADDRESSES, api_faults("postmark", 406))


def ses(sandbox: Sandbox, port: int | None = None, token: str = TOKEN) -> Way:
    options = SesOptions(
        url=url_of(sandbox, port), region="eu-west-1", key_id=token, secret=SecretStr("s"), connections=4, timeout=2
    )
    return Way(SesProvider(options), sandbox, ADDRESSES, api_faults("ses"), suppresses=False, own_id=True)


def sendgrid(sandbox: Sandbox, port: int | None = None, token: str = TOKEN) -> Way:
    options = SendGridOptions(url=url_of(sandbox, port), key=SecretStr(token), connections=4, timeout=2)
    return Way(SendGridProvider(options), sandbox, ADDRESSES, api_faults("sendgrid"), suppresses=False)


def mailgun(sandbox: Sandbox, port: int | None = None, token: str = TOKEN) -> Way:
    options = MailgunOptions(
        url=url_of(sandbox, port), key=SecretStr(token), domain="acme.example.com", connections=4, timeout=2
    )
    return Way(MailgunProvider(options), sandbox, ADDRESSES, api_faults("mailgun"), suppresses=False)


def brevo(sandbox: Sandbox, port: int | None = None, token: str = TOKEN) -> Way:
    options = BrevoOptions(url=url_of(sandbox, port), key=SecretStr(token), connections=4, timeout=2)
    return Way(BrevoProvider(options), sandbox, ADDRESSES, api_faults("brevo"), suppresses=False)


def whatsapp(sandbox: Sandbox, port: int | None = None, token: str = TOKEN) -> Way:
    url = f"{url_of(sandbox, port)}/v23.0"
    options = WhatsAppOptions(url=url, numbers="106540352242922", token=SecretStr(token), connections=4, timeout=2)
    return Way(WhatsAppProvider(options), sandbox, NUMBERS, api_faults("whatsapp", 131026))


def webpush(sandbox: Sandbox, port: int | None = None, token: str = TOKEN) -> Way:
    url = url_of(sandbox, port)
    options = WebPushOptions(
        private_key=SecretStr(VAPID_KEY),
        subject=f"mailto:{token}@example.com",
        services=url,
        connections=4,
        timeout=2,
    )
    endpoints = [f"{url}/push/device{number}" for number in range(10)]
    return Way(WebPushProvider(options), sandbox, endpoints, api_faults("webpush", 410), suppresses=False)


HTTP_WAYS = [postmark, ses, sendgrid, mailgun, brevo, twilio, vonage, messagebird, plivo, whatsapp, webpush]
WAYS = [smtp, *HTTP_WAYS]
Make = Callable[..., Way]
