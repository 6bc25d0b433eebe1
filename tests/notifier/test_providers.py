"""One suite for every provider: what the use cases rely on, whichever way a message goes."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from relevo_notifier.core.provider_results import Rejected, Sent, TryLater, Unknown
from relevo_notifier.providers.registry import channels
from relevo_notifier.providers.smtp.client import SmtpProvider
from relevo_notifier.providers.smtp.options import SmtpOptions
from relevo_sandbox.faults import Faults
from relevo_sandbox.sandbox import Sandbox, run_sandbox
from tests.notifier.ways import HTTP_WAYS, UNSUBSCRIBE, WAYS, Make, Way, smtp

MINUTE = timedelta(minutes=1)
ROOT = Path(__file__).parents[2]
OURS = "services/notifier/relevo_notifier/providers"
SANDBOX = "deploy/sandbox/relevo_sandbox/providers"


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
async def make(request: pytest.FixtureRequest) -> Make:
    found: Make = request.param
    return found


@pytest.fixture
async def way(make: Make, sandbox: Sandbox) -> AsyncIterator[Way]:
    made = make(sandbox)
    yield made
    await made.provider.close()


async def test_a_message_arrives_with_its_effect(way: Way) -> None:
    answer = await way.provider.send(way.message())
    assert isinstance(answer, Sent)
    assert answer.provider_id
    [message] = way.sandbox.box.messages()
    assert (message.to, message.effect, message.kind) == (way.addresses[0], "run0/step/1", way.provider.channel)


async def test_many_at_once_arrive_once_each(way: Way) -> None:
    answers = await asyncio.gather(*(way.provider.send(way.message(n)) for n in range(50)))
    assert {type(answer) for answer in answers} == {Sent}
    assert way.sandbox.box.counts().effects == 50
    assert way.sandbox.box.counts().duplicates == 0


async def test_busy_means_later_and_then_it_works(way: Way) -> None:
    way.play("busy")
    assert isinstance(await way.provider.send(way.message()), TryLater)
    assert way.sandbox.box.messages() == []
    assert isinstance(await way.provider.send(way.message()), Sent)


async def test_a_refused_recipient_is_final_and_the_next_message_goes(way: Way) -> None:
    way.play("refuse")
    answer = await way.provider.send(way.message(0))
    assert isinstance(answer, Rejected)
    assert answer.suppress == way.suppresses
    assert isinstance(await way.provider.send(way.message(1)), Sent)


async def test_no_answer_after_handing_over_is_unknown(way: Way) -> None:
    way.play("vanish")
    answer = await way.provider.send(way.message())
    assert isinstance(answer, Unknown)
    assert answer.reason
    assert len(way.sandbox.box.messages()) == 1


async def test_nobody_listening_means_later(make: Make, sandbox: Sandbox) -> None:
    made = make(sandbox, port=1)
    try:
        answer = await made.provider.send(made.message())
    finally:
        await made.provider.close()
    assert isinstance(answer, TryLater)
    assert answer.reason


async def test_a_silent_provider_is_given_up_after_its_time(make: Make, sandbox: Sandbox) -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    made = make(sandbox, port=server.sockets[0].getsockname()[1])
    try:
        answer = await made.provider.send(made.message())
    finally:
        await made.provider.close()
        server.close()
    assert isinstance(answer, TryLater | Unknown)


async def test_asking_finds_what_arrived_and_nothing_else(way: Way) -> None:
    sent, other = way.message(0), way.message(10)  # the same number, another text
    await way.provider.send(sent)
    if not way.provider.can_ask:
        with pytest.raises(OSError, match="can't tell"):
            await way.provider.find(sent, MINUTE)
        return
    [found] = await way.provider.find(sent, MINUTE)
    assert found.provider_id == way.sandbox.box.messages()[0].id
    assert found.age < MINUTE
    assert await way.provider.find(other, MINUTE) == []
    assert await way.provider.find(sent, -timedelta(hours=1)) == []  # too old to be this delivery's


async def test_asking_finds_all_that_say_the_same(way: Way) -> None:
    if not way.provider.can_ask:
        assert way.provider.repeatable_for >= timedelta(0)
        return
    for _ in range(3):
        await way.provider.send(way.message(0))
    found = await way.provider.find(way.message(0), MINUTE)
    assert {one.provider_id for one in found} == {one.id for one in way.sandbox.box.messages()}
    assert [one.age for one in found] == sorted((one.age for one in found), reverse=True)


async def test_a_repeat_within_its_time_arrives_once(way: Way) -> None:
    way.play("vanish")
    assert isinstance(await way.provider.send(way.message()), Unknown)
    way.sandbox.fault_injector.set(Faults())
    assert isinstance(await way.provider.send(way.message()), Sent)
    assert way.sandbox.box.counts().duplicates == (0 if way.provider.repeatable_for else 1)


@pytest.mark.parametrize("name", ["Ana", "José Ñandú", 'Ana "Bo", Müller; & Söhne', "李小龙, 先生", ""])
async def test_a_mail_arrives_with_its_headers_and_its_name(way: Way, name: str) -> None:
    if way.provider.channel != "email":
        assert way.provider.channel in ("sms", "whatsapp", "push")
        return
    message = way.message(name=name, marketing=True)
    assert isinstance(await way.provider.send(message), Sent)
    mail = way.mail()
    assert mail["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["X-Relevo-Effect"] == message.effect
    assert (mail["Message-ID"] == way.message_id(message)) == (not way.own_id)
    [to] = mail["To"].addresses
    assert (to.addr_spec, to.display_name) == (message.recipient, name)
    assert mail.get_body(("html",)).get_content().strip() == message.mail.html


async def test_one_thing_sent_is_one_thing_billed(way: Way) -> None:
    """The provider's book has what ours calls sent, and nothing that ours calls refused or put off."""
    way.play("refuse")
    answers = [await way.provider.send(way.message(number)) for number in range(10)]
    sent = {way.message(number).effect for number, answer in enumerate(answers) if isinstance(answer, Sent)}
    billed = [message.effect for message in way.sandbox.box.messages()]
    assert (len(billed), set(billed)) == (9, sent)
    assert len({answer.provider_id for answer in answers if isinstance(answer, Sent)}) == 9


async def test_a_connection_that_the_server_closed_meanwhile_is_replaced(sandbox: Sandbox) -> None:
    way = smtp(sandbox)
    sandbox.fault_injector.set(Faults(disconnect_every=2))
    answers = [await way.provider.send(way.message(n)) for n in range(6)]
    await way.provider.close()
    assert [type(answer) for answer in answers] == [Sent, TryLater] * 3


@pytest.mark.parametrize("make", HTTP_WAYS, ids=lambda make: make.__name__)
async def test_wrong_credentials_fail_no_message_for_good(make: Make, sandbox: Sandbox) -> None:
    made = make(sandbox, token="wrong")
    answer = await made.provider.send(made.message())
    await made.provider.close()
    assert isinstance(answer, TryLater)
    assert "40" in answer.reason or "Credentials" in answer.reason
    assert sandbox.box.messages() == []


def test_a_provider_is_a_folder_a_line_a_counterpart_and_a_row_of_the_page() -> None:
    folders = {path.name for path in ROOT.joinpath(OURS).iterdir() if path.joinpath("options.py").exists()}
    counterparts = {path.parent.name for path in ROOT.joinpath(SANDBOX).glob("*/*.py")}
    rows = set(
        re.findall(
            r"^\| `(\w+)` \| (?:email|sms|whatsapp|push) ", ROOT.joinpath("docs/providers.md").read_text(), re.MULTILINE
        )
    )
    assert {way.__name__ for way in WAYS} == set(channels()) == folders == counterparts == rows


def test_a_provider_knows_no_other_provider() -> None:
    for path in ROOT.joinpath(OURS).glob("*/*.py"):
        others = set(channels()) - {path.parent.name}
        assert not others & set(re.findall(r"relevo_notifier\.providers\.(\w+)", path.read_text())), path


CERTIFICATE = Path(__file__).parent / "tls" / "certificate.pem"


@pytest.mark.parametrize(("ca_file", "kind"), [(str(CERTIFICATE), Sent), ("", TryLater)], ids=["trusted", "unknown"])
async def test_starttls_checks_the_certificate(tmp_path: Path, ca_file: str, kind: type) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_name("key.pem"))
    async with run_sandbox(tmp_path / "mail", tls=context) as sandbox:
        options = SmtpOptions(host="127.0.0.1", port=sandbox.smtp_port, tls="starttls", ca_file=ca_file, timeout=5)
        provider = SmtpProvider(options)
        answer = await provider.send(smtp(sandbox).message())
        await provider.close()
    assert isinstance(answer, kind)
    assert len(sandbox.box.messages()) == (1 if kind is Sent else 0)


async def test_starttls_is_never_given_up_for_clear_text(sandbox: Sandbox) -> None:
    provider = SmtpProvider(SmtpOptions(host="127.0.0.1", port=sandbox.smtp_port, tls="starttls", timeout=5))
    answer = await provider.send(smtp(sandbox).message())
    await provider.close()
    assert isinstance(answer, TryLater)
    assert sandbox.box.messages() == []
