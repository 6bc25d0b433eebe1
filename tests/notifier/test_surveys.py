"""A mail that asks a survey has a signed link for each answer, in its reader's language; nothing else has one."""

from datetime import datetime
from urllib.parse import urlsplit

from msgspec import structs

from relevo_contracts.link_rules import LinkRules
from relevo_contracts.messages import SendDelivery
from relevo_contracts.surveys import Question, QuestionTexts, Survey, SurveyTexts
from relevo_notifier.app.message_links import MessageLinks
from relevo_notifier.app.prepare import Prepare
from relevo_notifier.core.mime import MailContent
from relevo_notifier.core.tracking import sent_of
from relevo_runtime.catalog import Shop
from relevo_runtime.links import Asked, read_token, token_of
from relevo_templates.messages import Templates
from tests.notifier.support import NOON, REMINDER, SHOP, customer, delivery, files, work
from tests.notifier.test_malformed_values import Known
from tests.notifier.test_message_links import Fronts

SECRET = "0123456789abcdef"
RELEVO = "https://relevo.example.com/"
ASK = {"en": "How was it?", "es": "¿Qué tal?"}
SURVEY = Survey(
    name="satisfaction",
    questions=(Question(name="score", kind="rating"), Question(name="comment", kind="text", optional=True)),
    expires=86_400,
    locales={
        locale: SurveyTexts(
            title="T",
            thanks="Th",
            questions={"score": QuestionTexts(ask=ask, low="low", high="high"), "comment": QuestionTexts(ask="More?")},
        )
        for locale, ask in ASK.items()
    },
)
LAYOUT = {
    "layouts/plain.mjml": "<mjml><mj-body><mj-section><mj-column><mj-text>{% if survey %}{{ survey.question }}"
    '{% for one in survey.options %}<a href="{{ one.url }}">{{ one.label }}</a>{% endfor %}{% endif %}</mj-text>'
    "</mj-column></mj-section></mj-body></mjml>",
    "layouts/plain.txt": "{% if survey %}{{ survey.question }} {{ survey.low }}-{{ survey.high }}: {{ survey.url }}"
    "{% for one in survey.options %} {{ one.label }}={{ one.url }}{% endfor %}{% endif %}",
}


class Shops(Known):
    """The shop follows every link; its reminder asks the survey, or it does not."""

    def __init__(self, survey: Survey | None) -> None:
        super().__init__()
        self._asking = Templates.of_files(files(structs.replace(REMINDER, survey=survey)) | LAYOUT)

    def shop(self, name: str) -> Shop | None:
        return structs.replace(SHOP, links=LinkRules(tracking="all"))

    def templates(self, version: str) -> Templates:
        return self._asking


def survey_url(one: SendDelivery, now: datetime) -> str:
    return f"{RELEVO}survey/{token_of(SECRET, Asked(sent_of(one, now)))}"


def mail(locale: str = "en", survey: Survey | None = SURVEY) -> MailContent:
    links = MessageLinks(Fronts(), lambda link: token_of(SECRET, link), RELEVO)
    prepare = Prepare(Shops(survey), lambda *_: f"{RELEVO}u/1", links=links, survey_url=survey_url)
    message = prepare.message(work(delivery(hops=2, recipient=structs.replace(customer(), locale=locale))), NOON)
    assert not hasattr(message, "state"), message
    assert isinstance(message.content, MailContent)
    return message.content


def test_each_answer_is_a_signed_link_that_says_which_message_asked() -> None:
    text = mail().text
    asked, *options = text.split("https://")[1:]
    assert text.startswith("How was it? low-high: ")
    assert [urlsplit(f"https://{one.split()[0]}").query for one in options] == [f"a={n}" for n in range(1, 6)]
    token = asked.split()[0].removeprefix("relevo.example.com/survey/")
    link = read_token(SECRET, token)
    assert isinstance(link, Asked)
    assert (link.of.delivery, link.of.template, link.of.hops) == ("run1/send-reminder/1", "reminder", 2)
    assert all(token in one for one in options)


def test_it_is_asked_in_the_language_of_the_mail_and_its_links_are_not_followed() -> None:
    content = mail("es-MX")
    assert "¿Qué tal?" in content.text
    assert content.html.count(f"{RELEVO}survey/") == 5
    assert f"{RELEVO}l/" not in content.html


def test_a_mail_that_asks_nothing_has_no_such_link() -> None:
    content = mail(survey=None)
    assert "/survey/" not in content.text + content.html
