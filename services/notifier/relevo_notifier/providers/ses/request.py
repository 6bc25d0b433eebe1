"""From a mail to the JSON that SES takes. Pure.

Source: Amazon SES API v2 reference, "SendEmail", with the mail as `Raw` content: all of its headers are ours, except
that SES puts a Message-ID and a Date of its own ("Amazon SES header fields").
"""

from base64 import b64encode
from typing import Any

from relevo_notifier.core.mime import MailContent, build_mail, reference
from relevo_notifier.providers.ses.options import SesOptions

REFERENCE = "relevo-message"
"""The tag by which an event about a mail names it."""


def request_of(mail: MailContent, options: SesOptions) -> dict[str, Any]:
    """The body of the request. A mail that can be unsubscribed from goes over the configuration set for marketing."""
    request: dict[str, Any] = {
        "Destination": {"ToAddresses": [mail.recipient]},
        "Content": {"Raw": {"Data": b64encode(build_mail(mail)).decode()}},
        "EmailTags": [{"Name": REFERENCE, "Value": reference(mail.shop, mail.effect)}],
    }
    marketing = options.marketing_configuration_set if mail.unsubscribe_url else ""
    if configuration_set := marketing or options.configuration_set:
        request["ConfigurationSetName"] = configuration_set
    return request
