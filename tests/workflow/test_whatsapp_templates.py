"""Templates that WhatsApp approved: what a workflow says of them, what is checked, what is sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.template import Approved, Parameter, Template
from relevo_templates.approved import BODY_GREATEST, HOLE, language_code
from relevo_templates.errors import TemplateError
from relevo_templates.messages import Rendered, Templates
from tests.workflow.shop import a_workflow, problems_of

FLOW = """
workflow: parcels
trigger: {event: shipment.created}
steps:
  - send: {channel: whatsapp, template: shipped, purpose: transactional}
"""
SHIPPED = """
channel: whatsapp
approved:
  name: order_shipped
  category: utility
  header: {image: "https://acme.example.com/parcel.png"}
  body: ["{{ customer.first_name | default: 'there' }}", "{{ trigger.order_number }}"]
  buttons: [{url: "{{ trigger.order_number }}"}, {reply: "stop", index: 2}]
en:
  language: en_US
  body: "Hello {{1}}, order {{2}} is on its way."
  footer: Acme
  text: "Order {{ trigger.order_number }} is on its way."
es:
  body: "Hola {{1}}, tu pedido {{2}} va de camino."
  text: "Tu pedido {{ trigger.order_number }} va de camino."
"""


def template() -> Template:
    return a_workflow(FLOW, **{"templates/shipped.yaml": SHIPPED}).templates["shipped"]


def rendered(found: Template, locale: str = "en", **trigger: Any) -> Rendered:
    context = {"trigger": {"order_number": "1001", **trigger}, "customer": {}, "run": {}, "shop": {}}
    return Templates({found.name: found}, {}).render(found.name, context, (locale,), "UTC")


def test_a_template_names_what_goes_into_the_approved_texts() -> None:
    found = rendered(template())
    assert found.approved == Approved(
        name="order_shipped",
        category="utility",
        header=Parameter(kind="image", text="https://acme.example.com/parcel.png"),
        body=("there", "1001"),
        buttons=(Parameter(kind="url", text="1001"), Parameter(kind="reply", text="stop", index=2)),
        language="en_US",
    )
    assert "Hello there, order 1001 is on its way.\n\nAcme" in found.text
    assert found.reply == "Order 1001 is on its way."


def test_each_language_has_its_own_approved_texts_and_code() -> None:
    found = rendered(template(), "es-ES")
    assert found.approved is not None
    assert found.approved.language == "es"
    assert "Hola there, tu pedido 1001 va de camino." in found.text


@pytest.mark.parametrize(
    ("was", "is_", "said"),
    [
        ("name: order_shipped", "name: Order-Shipped", "is not the name of a template"),
        ("category: utility", "category: promo", "'category' can't be 'promo'"),
        ("order {{2}} is", "order {{3}} is", "'body' in 'en' has the parameters {{1}}, {{3}}, and"),
        ("order {{2}} is", "order is", "'body' in 'en' has the parameters {{1}}, and 'approved' gives it 2"),
        ("footer: Acme", 'footer: "{{1}}"', "'footer' in 'en' has the parameters {{1}}, and 'approved' gives it none"),
        ("footer: Acme", "header: Hello {{1}}", "'header' in 'en' has the parameters {{1}}, and"),
        ("footer: Acme", f"footer: {'a' * 61}", "'footer' can't have more than 60 characters"),
        ("is on its way.\"\n  footer", f"{'a' * 1024}.\"\n  footer", "'body' can't have more than 1024 characters"),
        ("language: en_US", "language: english", "'english' is not the code of a language at WhatsApp"),
        ("{{ trigger.order_number }}\"}", "{{ trigger.nr }}\"}", "has no field 'nr'"),
        ("{reply: stop", "{repli: stop", "a button has one of url, code, reply"),
        ("image:", "picture:", "'header' has one of image, video, document"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_approved_texts_is_told(was: str, is_: str, said: str) -> None:
    text = SHIPPED.replace('reply: "stop"', "reply: stop")
    assert was in text
    found = [str(one) for one in problems_of(FLOW, **{"templates/shipped.yaml": text.replace(was, is_, 1)})]
    assert any(said in one for one in found), found


def test_a_text_that_answers_is_nothing_to_choose_from() -> None:
    flow = FLOW.replace(
        "channel: whatsapp, template: shipped", "channel: preferred, templates: {sms: sms-a, whatsapp: shipped}"
    )
    free = "channel: whatsapp\nen: {text: Hello}\n"
    [said] = problems_of(flow, "sms-a", **{"templates/shipped.yaml": free})
    assert "'shipped' is not approved" in said.message
    assert problems_of(flow, "sms-a", **{"templates/shipped.yaml": SHIPPED}) == []


def test_what_is_empty_is_told_before_whatsapp_refuses_it() -> None:
    with pytest.raises(TemplateError, match="the parameter 2 of the body is empty"):
        rendered(template(), order_number=" ")


@given(st.text(max_size=3000), st.text(min_size=1, max_size=3000))
def test_parameters_are_what_whatsapp_takes(first: str, second: str) -> None:
    found = Template(
        name="any",
        channel="whatsapp",
        approved=Approved(name="any", body=("{{ trigger.first | default: 'x' }}", "{{ trigger.second }}")),
        locales={"en": {"body": "A {{1}} and {{2}}", "language": "en"}},
    )
    try:
        approved = rendered(found, first=first, second=second).approved
    except TemplateError as error:
        assert "is empty" in str(error)
        return
    assert approved is not None
    text = HOLE.sub(lambda hole: approved.body[int(hole[1]) - 1], "A {{1}} and {{2}}")
    assert len(text) <= BODY_GREATEST
    for one in approved.body:
        assert one
        assert one == " ".join(one.split())


@pytest.mark.parametrize(
    ("locale", "code"), [("en", "en"), ("en-US", "en_US"), ("pt-BR", "pt_BR"), ("zh-Hans-CN", "zh_CN"), ("fil", "fil")]
)
def test_languages_are_written_as_meta_writes_them(locale: str, code: str) -> None:
    assert language_code(locale) == code
