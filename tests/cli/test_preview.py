"""`relevo preview` and `relevo send-test`: a message with the values of tests, and of a customer in the database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relevo_ingest.core.aliases import Kind, alias
from relevo_runtime import catalog
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Pool
from relevo_sandbox.sandbox import run_sandbox
from tests.cli.test_commands import given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo
from tests.engine.conftest import Engine, build_engine, checkout, deploy

CART = {
    "workflow.yaml": """
workflow: cart
key: trigger.checkout_token
trigger: {event: checkout.started}
exit: {event: order.placed, reason: bought}
steps:
  - wait: 4h
  - send: {channel: email, template: reminder, purpose: marketing}
  - send: {channel: sms, template: text, purpose: marketing}
""",
    "templates/reminder.yaml": """
channel: email
layout: plain
en: {subject: "Your cart, {{ customer.first_name }}", body: "{{ trigger.checkout_token }} waits."}
es: {subject: "Tu cesta, {{ customer.first_name }}", body: "{{ trigger.checkout_token }} espera."}
""",
    "templates/text.yaml": "channel: sms\nen: {text: 'Your cart waits'}\nes: {text: 'Tu cesta está aquí'}\n",
    "layouts/plain.mjml": "<mjml><mj-body><mj-section><mj-column><mj-text>{{ text.subject }}</mj-text></mj-column>"
    "</mj-section></mj-body></mjml>",
    "layouts/plain.txt": "{% for line in text.body %}{{ line }}\n{% endfor %}",
}
TESTS = """
given:
  start: 2026-03-10 10:00
  customer: {email: nadia@example.com, first_name: Nadia, locale: en, email_consent: granted, sms_consent: granted}
  trigger: {event: checkout.started, data: {checkout_token: chk-1, total: {amount: "49.00", currency: EUR}}}
tests:
  - name: reminds twice
    expect: {sends: [{email: reminder}, {sms: text}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The workflow and its tests on disk."""
    for name, text in CART.items():
        file = tmp_path / name if name.startswith("layouts") else tmp_path / "cart" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (tmp_path / "cart/tests").mkdir()
    (tmp_path / "cart/tests/cart.yaml").write_text(TESTS, encoding="utf-8")
    return tmp_path / "cart"


async def test_a_preview_has_the_values_of_the_tests(folder: Path) -> None:
    code, out, err = await relevo("preview", str(folder), "reminder")
    assert (code, err) == (0, "")
    assert out == "cart · reminder · email · marketing · en\nSubject: Your cart, Nadia\n\nchk-1 waits.\n"
    _, out, _ = await relevo("preview", str(folder), "reminder", "--locale", "es")
    assert "Subject: Tu cesta, Nadia\n" in out


async def test_an_sms_says_how_many_segments_it_is(folder: Path) -> None:
    _, out, _ = await relevo("preview", str(folder), "text")
    assert out.endswith("Your cart waits\n\n1 segment: 15 characters in GSM-7\n")
    _, out, _ = await relevo("preview", str(folder), "text", "--locale", "es")
    assert out.endswith("1 segment: 18 characters in UCS-2, because of á í\n")


async def test_a_page_shows_a_mail_in_each_language_wide_and_narrow(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    code, _, err = await relevo("preview", str(folder), "reminder", "--html", str(page))
    assert (code, err) == (0, "")
    written = page.read_text(encoding="utf-8")
    assert written.count("<iframe") == 4
    assert "Tu cesta, Nadia" in written


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (["reminde"], "cart has no template 'reminde': did you mean 'reminder'?"),
        ([], "name a template of cart: reminder, text"),
        (["reminder", "--customer", "ada@example.com"], "--shop and --customer belong together"),
    ],
)
async def test_what_is_asked_wrongly_is_said(folder: Path, asked: list[str], answer: str) -> None:
    code, out, err = await relevo("preview", str(folder), *asked)
    assert (code, out) == (2, "")
    assert answer in err


async def test_a_template_that_no_test_sends_is_said(folder: Path) -> None:
    (folder / "tests/cart.yaml").write_text(TESTS.replace("given:", "given:\n  customer: {}", 1).split("tests:")[0])
    _, _, err = await relevo("preview", str(folder), "reminder")
    assert "no test of cart sends 'reminder'" in err


@pytest.fixture
async def shop(pool: Pool, settings: SettingsFactory, topics: list[str]) -> AsyncIterator[Engine]:
    """A shop in Madrid with a customer whose cart waits."""
    async with pool.acquire() as connection:
        place = catalog.Shop(
            shop="sample",
            platform="shopify",
            name="Sample",
            timezone="Europe/Madrid",
            email_from="hi@sample.example.com",
        )
        await catalog.add_shop(connection, place)
    await deploy(pool, CART)
    async with Publisher(settings()) as publisher:
        engine = await build_engine(pool, publisher)
        await engine.take(checkout("tok-7"))
        await pool.execute(
            "insert into ingest.alias (shop, alias, kind, key) values ('sample', $1, $2, 'cus_1')",
            alias(Kind.EMAIL, "cus_1@example.com").name,
            int(Kind.EMAIL),
        )
        yield engine


@pytest.fixture
def environment(settings: SettingsFactory) -> dict[str, str]:
    return given(settings())


OF_CUSTOMER = ("--shop", "sample", "--customer", "cus_1@example.com")


async def test_a_preview_of_a_customer_has_their_own_values(
    folder: Path, shop: Engine, environment: dict[str, str]
) -> None:
    code, out, err = await relevo("preview", str(folder), "reminder", *OF_CUSTOMER, **environment)
    assert code == 0, err
    assert "tok-7 " in out
    assert "Nadia" not in out


async def test_a_customer_whom_nobody_knows_is_said(folder: Path, shop: Engine, environment: dict[str, str]) -> None:
    asked = ("--shop", "sample", "--customer", "nobody@example.com")
    code, _, err = await relevo("preview", str(folder), "reminder", *asked, **environment)
    assert code == 2
    assert "nothing of 'nobody@example.com' was ever heard in sample" in err


async def test_a_test_mail_arrives_marked_and_is_nobodys_message(
    folder: Path, shop: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    async with run_sandbox(tmp_path / "mail", token="sandbox") as sandbox:
        environment |= {"RELEVO_NOTIFIER_SMTP_HOST": "127.0.0.1", "RELEVO_NOTIFIER_SMTP_PORT": str(sandbox.smtp_port)}
        asked = ("send-test", str(folder), "reminder", "--shop", "sample", "--to", "me@example.com", "--locale", "es")
        code, out, err = await relevo(*asked, **environment)
        assert code == 0, err
        assert out.startswith("smtp took it for me@example.com: ")
        [mail] = sandbox.box.messages()
        assert mail.subject == "[Test] Tu cesta, Nadia"
    assert await shop.pool.fetchval("select count(*) from notifier.delivery") == 0


async def test_an_address_that_is_none_is_said(folder: Path, environment: dict[str, str]) -> None:
    asked = ("send-test", str(folder), "reminder", "--shop", "sample", "--to", "me@")
    code, _, err = await relevo(*asked, **environment)
    assert code == 2
    assert "--to 'me@': the e-mail address is not valid" in err


async def test_a_provider_that_is_not_there_is_said(folder: Path, shop: Engine, environment: dict[str, str]) -> None:
    environment |= {"RELEVO_NOTIFIER_SMTP_HOST": "127.0.0.1", "RELEVO_NOTIFIER_SMTP_PORT": "9"}
    asked = ("send-test", str(folder), "reminder", "--shop", "sample", "--to", "me@example.com")
    code, _, err = await relevo(*asked, **environment)
    assert code == 2
    assert "smtp can't take it now" in err
