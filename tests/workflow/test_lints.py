"""What a workflow may say and hardly can mean: each finding's line, column, severity and words."""

import pytest

from relevo_workflow.compiler.load import diagnose
from relevo_workflow.syntax.diagnostics import Diagnostic
from tests.workflow.shop import MAIL, files

HEAD = "workflow: flow\n"


def found(text: str, *templates: str, **more: str) -> list[Diagnostic]:
    return diagnose(files(HEAD + text, *templates, **more))[1]


def said(text: str, *templates: str, **more: str) -> list[str]:
    return [str(one) for one in found(text, *templates, **more)]


CART = """\
trigger: {event: checkout.started, when: customer.email_consent == "granted"}
steps:
  - wait: 4h
  - send: {channel: email, template: reminder, purpose: marketing}
"""


def test_a_reminder_of_a_cart_that_no_purchase_ends() -> None:
    assert said(CART, "reminder") == [
        "workflow.yaml:5:38: warning: 'send-reminder' also goes to those who have bought in the meantime"
        " (help: exit: {event: order.placed, reason: bought})"
    ]


def test_an_exit_or_an_arm_at_the_purchase_is_enough_and_at_once_needs_none() -> None:
    assert said(CART + "exit: {event: order.placed}\n", "reminder") == []
    arm = "wait_for: [{event: order.placed, steps: [{stop: bought}]}, {timeout: 4h}]"
    assert said(CART.replace("wait: 4h", arm), "reminder") == []
    assert said(CART.replace("  - wait: 4h\n", ""), "reminder") == []
    assert said(CART.replace("marketing", "transactional"), "reminder") == []


MARKETING = """\
trigger: {event: order.placed}
steps:
  - send: {channel: email, template: news, purpose: marketing}
"""


def test_marketing_that_never_asks_for_consent() -> None:
    assert said(MARKETING, "news") == [
        "workflow.yaml:4:53: warning: 'send-news' is marketing, and nothing here asks for consent: without it the "
        'message is dropped (help: when: customer.email_consent == "granted", or an exit at consent.changed)'
    ]
    text = MARKETING.replace("email, template: news", "sms, template: sms-x")
    assert "customer.sms_consent" in said(text, "sms-x")[0]


def test_consent_is_asked_for_by_a_condition_a_segment_a_trigger_or_an_exit() -> None:
    ways = [
        MARKETING.replace("placed}", 'placed, when: customer.email_consent == "granted"}'),
        MARKETING.replace("placed}", """placed, when: '"willing" in customer.segments'}""")
        + 'segments: {willing: customer.email_consent == "granted"}\n',
        MARKETING.replace("order.placed", "consent.changed"),
        MARKETING + "exit: {event: consent.changed}\n",
    ]
    assert [said(text, "news") for text in ways] == [[], [], [], []]


def test_a_segment_that_does_not_exist() -> None:
    text = """\
    trigger: {event: order.placed, when: '"loyl" in customer.segments'}
    segments: {loyal: customer.orders_count > 2}
    steps: [{wait: 1d}]
    """
    text = "\n".join(line.removeprefix("    ") for line in text.splitlines())
    assert said(text) == ["workflow.yaml:2:40: error: there is no segment 'loyl' (help: did you mean 'loyal'?)"]


def test_a_segment_that_a_title_asks_for_does_not_exist() -> None:
    title = "\"{% if customer.segments contains 'trade' %}Trade{% endif %}\""
    text = f"trigger: {{event: order.placed}}\nsteps:\n  - task: {{title: {title}, skill: sales}}\n"
    assert said(text) == ["workflow.yaml:4:54: error: there is no segment 'trade' (help: add it to segments.yaml)"]


READS = """\
trigger: {event: order.placed}
steps:
  - branch:
      - when: trigger.number != ""
        steps:
          - http: {url: https://erp.example.com, as: erp}
  - send: {channel: email, template: answer, purpose: transactional}
"""


def mail(subject: str) -> str:
    return MAIL.replace("subject: Hello", f'subject: "{subject}"')


def test_a_template_that_reads_what_no_step_has_saved_on_some_way() -> None:
    texts = {"templates/answer.yaml": mail("Status {{ run.erp.status }}")}
    assert [str(one) for one in diagnose({**files(HEAD + READS), **texts})[1]] == [
        "templates/answer.yaml:4:26: error: on some path to 'send-answer' no step has saved run.erp"
        " (help: save it before, or write {% if run.erp %})"
    ]


def test_it_may_ask_whether_it_was_saved_and_may_read_what_always_was() -> None:
    asked = {"templates/answer.yaml": mail("{% if run.erp.ok %}{{ run.erp.status }}{% endif %}")}
    assert diagnose({**files(HEAD + READS), **asked})[1] == []
    always = READS.replace("      - when: trigger.number", "      - otherwise:\n").replace(' != ""\n', "")
    read = {"templates/answer.yaml": mail("{{ run.erp.status }} {{ run.key }}")}
    assert diagnose({**files(HEAD + always), **read})[1] == []


def test_what_an_arm_saves_is_there_only_after_that_arm() -> None:
    text = """\
trigger: {event: order.placed}
steps:
  - wait_for:
      - event: shipment.delivered
        as: parcel
        steps:
          - send: {channel: email, template: answer, purpose: transactional}
          - stop: there
      - timeout: 3d
        steps:
          - send: {channel: email, template: late, purpose: transactional}
"""
    reads = mail("{{ run.parcel.tracking_url }}")
    both = {"templates/answer.yaml": reads, "templates/late.yaml": reads}
    assert [str(one.position.file) for one in diagnose({**files(HEAD + text), **both})[1]] == ["templates/late.yaml"]


def test_a_language_that_one_template_lacks() -> None:
    text = MARKETING.replace("marketing", "transactional") + (
        "  - send: {channel: email, template: more, purpose: transactional}\n"
    )
    spanish = MAIL + "es: {subject: Hola, heading: Hola, body: [Hola]}\n"
    given = {**files(HEAD + text, "more"), "templates/news.yaml": spanish}
    assert [str(one) for one in diagnose(given)[1]] == [
        "templates/more.yaml:1:1: warning: there are no texts in 'es', and news has them (help: add es: {…})"
    ]


def test_the_fields_of_a_loop_are_those_of_its_list() -> None:
    def subject(text: str) -> list[str]:
        more = {"templates/answer.yaml": mail(text)}
        return [str(one) for one in diagnose({**files(HEAD + _SIMPLE), **more})[1]]

    assert subject("{% for item in trigger.items %}{{ item.title }}{{ forloop.index }}{% endfor %}") == []
    assert subject("{% for item in trigger.items %}{{ item.titel }}{% endfor %}") == [
        "templates/answer.yaml:4:50: error: item has no field 'titel' (help: did you mean 'title'?)"
    ]
    assert subject("{% for tag in customer.tags %}{{ tag.name }}{% endfor %}") == [
        "templates/answer.yaml:4:49: error: tag is not a record and has no field 'name'"
    ]


def test_what_is_saved_and_never_read() -> None:
    text = """\
trigger: {event: order.placed}
steps:
  - http: {url: https://erp.example.com, as: erp}
  - wait: 1d
"""
    assert said(text) == ["workflow.yaml:4:46: warning: nothing reads run.erp (help: leave 'as' out)"]
    assert said(text + "  - branch: [{when: run.erp.ok, steps: [{wait: 1h}]}]\n") == []


def test_the_list_that_a_template_shows_has_to_be_there_as_well() -> None:
    text = READS.replace(
        "http: {url: https://erp.example.com, as: erp}", "decide: {rules: [{otherwise: , set: {cost: 9}}], as: erp}"
    )
    shown = {"templates/answer.yaml": MAIL.lstrip() + "items: run.erp.cost\n"}
    assert "is not a list" in str(diagnose({**files(HEAD + text), **shown})[1][0])


_SIMPLE = """\
trigger: {event: order.placed}
steps:
  - send: {channel: email, template: answer, purpose: transactional}
"""


SEGMENTS = [
    ('customer.segments.exists(s, s == "loyl")', 73, "loyl"),
    ('customer.segments.exists(s, s in ["loyal", "vipp"])', 83, "vipp"),
    ('customer.segments.all(one, "loyl" != one)', 67, "loyl"),
]


@pytest.mark.parametrize(("condition", "column", "segment"), SEGMENTS)
def test_an_element_of_the_segments_that_is_compared_with_none(condition: str, column: int, segment: str) -> None:
    text = f"trigger: {{event: order.placed, when: '{condition}'}}\nsegments: {{loyal: customer.orders_count > 2}}\n"
    (one,) = said(text + "steps: [{wait: 1d}]\n")
    assert one.startswith(f"workflow.yaml:2:{column}: error: there is no segment '{segment}'")


def test_a_segment_that_a_template_asks_for_does_not_exist() -> None:
    subject = mail("{% if customer.segments contains 'trade' %}Trade{% endif %}")
    send = "trigger: {event: order.placed}\nsteps: [{send: {channel: email, template: a, purpose: transactional}}]\n"
    (one,) = diagnose({**files(HEAD + send), "templates/a.yaml": subject})[1]
    assert str(one) == "templates/a.yaml:4:50: error: there is no segment 'trade' (help: add it to segments.yaml)"


TEXT = """\
trigger: {event: order.placed}
steps:
  - send: {channel: sms, template: text, purpose: transactional}
"""


def sms(text: str) -> list[str]:
    return said(TEXT, **{"templates/text.yaml": f'channel: sms\nen:\n  text: "{text}"\n'})


def test_an_sms_that_is_dear_for_its_typesetting_alone() -> None:
    assert sms("It's here - {{ trigger.number }}") == []
    assert sms("Est\u00e1 aqu\u00ed \u2013 hoy") == []  # its letters have no like: 70 characters it is
    [finding] = sms("It\u2019s here \u2013 " + "a" * 100)
    assert finding == (
        "templates/text.yaml:3:10: warning: the SMS has room for 70 characters a segment, not 160, because of"
        " \u2019 \u2013, 2 segments instead of 1 (help: ' for \u2019, - for \u2013)"
    )


def test_an_sms_of_many_segments() -> None:
    assert sms("a" * 459) == []
    [finding] = sms("a" * 460)
    assert "the SMS has 4 segments (GSM-7) before its values, and each is paid for" in finding


SMS_NEWS = """\
trigger: {event: order.placed, when: customer.sms_consent == "granted"}
steps:
  - send: {channel: sms, template: news, purpose: marketing}
"""


@pytest.mark.parametrize("text", ["Reply STOP to leave", "Opt out: reply 1", "Envía BAJA", "STOPP zum Abmelden"])
def test_marketing_by_sms_that_says_how_one_leaves_it(text: str) -> None:
    assert said(SMS_NEWS, **{"templates/news.yaml": f"channel: sms\nen: {{text: '{text}'}}\n"}) == []


def test_marketing_by_sms_without_a_way_out() -> None:
    news = "channel: sms\nen: {text: 'News! Reply STOP to opt out'}\nes: {text: 'Nonstop: novedades'}\n"
    assert said(SMS_NEWS, **{"templates/news.yaml": news}) == [
        "workflow.yaml:4:51: warning: 'send-news' is marketing by SMS, and does not say in es how one leaves it"
        " (help: such as: Reply STOP to opt out)"
    ]
    assert said(SMS_NEWS.replace("marketing", "transactional"), **{"templates/news.yaml": news}) == []


def clicked(where: str, *, sends: str = "  - send: {channel: email, template: news, purpose: transactional}\n") -> str:
    return f"""\
trigger: {{event: order.placed}}
steps:
{sends}  - wait_for:
      - {{event: message.clicked{where}}}
      - timeout: 3d
"""


def test_a_wait_for_a_click_says_on_which_message() -> None:
    [finding] = said(clicked(""), "news")
    assert "goes on at message.clicked of any message to the customer" in finding
    assert "where: event.run_id == run.id" in finding
    assert said(clicked(", where: event.run_id == run.id"), "news") == []
    assert said(clicked(", where: true"), "news") == []


def test_whoever_sends_nothing_may_wait_for_any_click() -> None:
    assert said(clicked("", sends="")) == []
