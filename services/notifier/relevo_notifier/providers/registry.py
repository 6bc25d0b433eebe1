"""Every provider, one line each."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple, cast

from pydantic_settings import SettingsConfigDict

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import Provider, Webhook
from relevo_notifier.core.routing import Routing
from relevo_notifier.providers.brevo.client import BrevoProvider
from relevo_notifier.providers.brevo.options import BrevoOptions
from relevo_notifier.providers.brevo.webhook import BrevoWebhook
from relevo_notifier.providers.mailgun.client import MailgunProvider
from relevo_notifier.providers.mailgun.options import MailgunOptions
from relevo_notifier.providers.mailgun.webhook import MailgunWebhook
from relevo_notifier.providers.messagebird.client import MessageBirdProvider
from relevo_notifier.providers.messagebird.options import MessageBirdOptions
from relevo_notifier.providers.messagebird.webhook import MessageBirdWebhook
from relevo_notifier.providers.options import ProviderOptions
from relevo_notifier.providers.plivo.client import PlivoProvider
from relevo_notifier.providers.plivo.options import PlivoOptions
from relevo_notifier.providers.plivo.webhook import PlivoWebhook
from relevo_notifier.providers.postmark.client import PostmarkProvider
from relevo_notifier.providers.postmark.options import PostmarkOptions
from relevo_notifier.providers.postmark.webhook import PostmarkWebhook
from relevo_notifier.providers.sendgrid.client import SendGridProvider
from relevo_notifier.providers.sendgrid.options import SendGridOptions
from relevo_notifier.providers.sendgrid.webhook import SendGridWebhook
from relevo_notifier.providers.ses.client import SesProvider
from relevo_notifier.providers.ses.options import SesOptions
from relevo_notifier.providers.ses.webhook import SesWebhook
from relevo_notifier.providers.smtp.client import SmtpProvider
from relevo_notifier.providers.smtp.options import SmtpOptions
from relevo_notifier.providers.twilio.client import TwilioProvider
from relevo_notifier.providers.twilio.options import TwilioOptions
from relevo_notifier.providers.twilio.webhook import TwilioWebhook
from relevo_notifier.providers.unconfigured import Unconfigured
from relevo_notifier.providers.vonage.client import VonageProvider
from relevo_notifier.providers.vonage.options import VonageOptions
from relevo_notifier.providers.vonage.webhook import VonageWebhook
from relevo_notifier.providers.webpush.client import WebPushProvider
from relevo_notifier.providers.webpush.options import WebPushOptions
from relevo_notifier.providers.whatsapp.client import WhatsAppProvider
from relevo_notifier.providers.whatsapp.options import WhatsAppOptions
from relevo_notifier.providers.whatsapp.webhook import WhatsAppWebhook
from relevo_runtime.settings import RuntimeSettings

_PREFIX = "notifier_"


class ProviderSettings(RuntimeSettings):
    """The registry: `notifier_<name>` has the options of the provider `<name>`, annotated with its client and, if it
    has webhooks, with what reads them.

    The first of a channel sends where no other is chosen.
    """

    # RELEVO_NOTIFIER_SMTP_CA_FILE is the field `ca_file` of `notifier_smtp`: what follows the name is split no further.
    model_config = SettingsConfigDict(env_nested_delimiter="_", env_nested_max_split=1)

    notifier_smtp: Annotated[SmtpOptions, SmtpProvider] = SmtpOptions()
    notifier_postmark: Annotated[PostmarkOptions, PostmarkProvider, PostmarkWebhook] = PostmarkOptions()
    notifier_ses: Annotated[SesOptions, SesProvider, SesWebhook] = SesOptions()
    notifier_sendgrid: Annotated[SendGridOptions, SendGridProvider, SendGridWebhook] = SendGridOptions()
    notifier_mailgun: Annotated[MailgunOptions, MailgunProvider, MailgunWebhook] = MailgunOptions()
    notifier_brevo: Annotated[BrevoOptions, BrevoProvider, BrevoWebhook] = BrevoOptions()
    notifier_twilio: Annotated[TwilioOptions, TwilioProvider, TwilioWebhook] = TwilioOptions()
    notifier_vonage: Annotated[VonageOptions, VonageProvider, VonageWebhook] = VonageOptions()
    notifier_messagebird: Annotated[MessageBirdOptions, MessageBirdProvider, MessageBirdWebhook] = MessageBirdOptions()
    notifier_plivo: Annotated[PlivoOptions, PlivoProvider, PlivoWebhook] = PlivoOptions()
    notifier_whatsapp: Annotated[WhatsAppOptions, WhatsAppProvider, WhatsAppWebhook] = WhatsAppOptions()
    notifier_webpush: Annotated[WebPushOptions, WebPushProvider] = WebPushOptions()


class Registered(NamedTuple):
    """One line of the registry: the type of the options, the client, and what reads the webhooks."""

    options: type[ProviderOptions]
    client: Callable[[ProviderOptions], Provider]
    webhook: Callable[[ProviderOptions], Webhook] | None = None


def registered() -> dict[str, Registered]:
    """Every provider by name, in the order of the registry."""
    return {
        name.removeprefix(_PREFIX): Registered(field.annotation, *cast("tuple[Any, Any]", tuple(field.metadata)))
        for name, field in ProviderSettings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, ProviderOptions)
    }


def channels() -> dict[str, Channel]:
    """Every provider's name with its channel, in the order of the registry."""
    return {name: provider.options.channel for name, provider in registered().items()}


def options_of(settings: ProviderSettings, name: str) -> ProviderOptions:
    """The options of a registered provider."""
    options: ProviderOptions = getattr(settings, _PREFIX + name)
    return options


def open_providers(settings: ProviderSettings, routing: Routing) -> Mapping[str, Provider]:
    """The providers that `routing` chooses for some shop, by name. One that lacks options keeps its messages back."""
    opened: dict[str, Provider] = {}
    for name in routing.providers():
        options = options_of(settings, name)
        missing = options.missing()
        opened[name] = Unconfigured(options.channel, missing) if missing else registered()[name].client(options)
    return opened


def open_senders(settings: ProviderSettings) -> dict[str, Provider]:
    """The providers of texts whose options are set, whoever is chosen to send, by name."""
    found = {name: options_of(settings, name) for name, channel in channels().items() if channel == "sms"}
    return {name: registered()[name].client(options) for name, options in found.items() if not options.missing()}


def webhooks(settings: ProviderSettings) -> dict[str, Webhook]:
    """What reads the webhooks of each provider that has any, by name; also of those that send nothing any more."""
    return {
        name: one.webhook(options_of(settings, name)) for name, one in registered().items() if one.webhook is not None
    }
