"""One connection to a mail server: what is written when, and what a mail may have become when an answer is missing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from relevo_notifier.app.ports import Message
from relevo_notifier.core.mime import build_mail
from relevo_notifier.core.provider_results import ProviderResult, Rejected, Sent, TryLater, Unknown
from relevo_notifier.providers.smtp.client import SmtpProvider
from relevo_notifier.providers.smtp.options import SmtpOptions
from tests.notifier.test_mime import mail_content

OK = {"MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", ".": "250 2.0.0 queued", "RSET": "250 ok"}
CLOSE = ""
"""The answer of a server that closes the connection instead."""
SILENT = "SILENT"
"""The answer of a server that says nothing any more."""


class Server:
    """Answers by the script, in turns: each connection begins with the next; notes what it reads at once."""

    def __init__(self, *scripts: dict[str, str], extensions: tuple[str, ...] = ("PIPELINING",)) -> None:
        self.scripts = [{**OK, **script} for script in scripts]
        self.extensions = extensions
        self.connections = 0
        self.reads: list[list[str]] = []
        self.mails: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = self.scripts[min(self.connections, len(self.scripts) - 1)]
        self.connections += 1
        writer.write(b"220 mail.example.com ESMTP\r\n")
        while commands := (await reader.read(65_536)).decode().splitlines():
            self.reads.append([command.split(":")[0] for command in commands])
            for command in commands:
                answer = script.get(command[:4], "250 ok") if command[:4] != "EHLO" else self._greeting()
                if not answer:
                    writer.close()
                    return
                if answer == SILENT:
                    await reader.read()
                    return
                writer.write(f"{answer}\r\n".encode())
                if answer.startswith("354"):
                    self.mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                    if not script["."]:
                        writer.close()
                        return
                    if script["."] != SILENT:
                        writer.write(f"{script['.']}\r\n".encode())
        writer.close()

    def _greeting(self) -> str:
        lines = ["mail.example.com", *self.extensions]
        return "\r\n".join(f"250{'-' if number < len(lines) else ' '}{line}" for number, line in enumerate(lines, 1))


@asynccontextmanager
async def provider(server: Server, timeout: float = 5) -> AsyncIterator[SmtpProvider]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    made = SmtpProvider(SmtpOptions(host="127.0.0.1", port=port, tls="none", connections=1, timeout=timeout))
    try:
        yield made
    finally:
        await made.close()
        listening.close()


def message(text: str = "Hello", to: str = "ada@example.com") -> Message:
    return Message("run1/step/1", "hello@acme.example.com", to, mail_content(recipient=to, text=text))


async def sent(*scripts: dict[str, str], mails: int = 1, extensions: tuple[str, ...] = ("PIPELINING",)) -> tuple[
    Server, list[ProviderResult]
]:  # fmt: skip
    server = Server(*scripts, extensions=extensions)
    async with provider(server) as smtp:
        return server, [await smtp.send(message()) for _ in range(mails)]


async def test_commands_go_out_together_where_the_server_takes_them_so() -> None:
    server, results = await sent({}, mails=2)
    assert [type(result) for result in results] == [Sent, Sent]
    assert server.connections == 1
    assert server.reads.count(["MAIL FROM", "RCPT TO", "DATA"]) == 2


async def test_each_command_waits_for_its_answer_where_it_does_not() -> None:
    server, results = await sent({}, mails=2, extensions=())
    assert [type(result) for result in results] == [Sent, Sent]
    assert server.reads[1:4] == [["MAIL FROM"], ["RCPT TO"], ["DATA"]]


async def test_a_line_that_begins_with_a_dot_arrives_whole() -> None:
    server, mail = Server({}), message(text="one\n.\n..two\n.three")
    async with provider(server) as smtp:
        assert isinstance(await smtp.send(mail), Sent)
    arrived = server.mails[0].removesuffix(".\r\n").replace("\r\n..", "\r\n.")
    assert arrived.encode() == build_mail(mail.mail)


@pytest.mark.parametrize("extensions", [(), ("PIPELINING",)])
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ({"MAIL": "451 4.7.1 later", "RCPT": "503 no", "DATA": "503 no"}, TryLater),
        ({"RCPT": "550 5.1.1 unknown", "DATA": "554 nobody"}, Rejected),
        ({"RCPT": "550 5.1.1 unknown", "DATA": "354 go on"}, Rejected),  # RFC 2920 section 3.1 allows for this
        ({"RCPT": CLOSE}, TryLater),
        ({"DATA": "451 no room"}, TryLater),
        ({".": "554 5.7.1 spam"}, Rejected),
        ({".": "421 4.3.2 closing"}, TryLater),
        ({".": CLOSE}, Unknown),
        ({".": "what?"}, Unknown),
        ({"MAIL": "what?"}, TryLater),
    ],
)
async def test_what_a_server_answers_counts_for_the_mail_at_hand_alone(
    extensions: tuple[str, ...], script: dict[str, str], expected: type
) -> None:
    server = Server(script, {}, extensions=extensions)
    async with provider(server) as smtp:
        assert isinstance(await smtp.send(message()), expected)
        server.scripts[0].update(OK)
        assert isinstance(await smtp.send(message()), Sent)
    complete = [mail for mail in server.mails if mail.count("X-Relevo-Effect")]
    assert len(complete) == 1 + (script.get(".") is not None)


async def test_a_connection_that_the_server_has_closed_meanwhile_costs_no_mail_its_turn() -> None:
    server = Server({}, {})
    async with provider(server) as smtp:
        assert isinstance(await smtp.send(message()), Sent)
        server.scripts[0]["MAIL"] = CLOSE
        assert isinstance(await smtp.send(message()), Sent)
        server.scripts[1]["MAIL"] = "421 4.4.2 idle for too long"
        server.scripts.append(dict(OK))
        assert isinstance(await smtp.send(message()), Sent)
    assert server.connections == 3


@pytest.mark.parametrize("address", ["a\r\nRCPT TO:<b@example.com>@example.com", "é@example.com", "a\x00b@example.com"])
async def test_an_address_that_is_not_one_line_of_ascii_is_refused(address: str) -> None:
    server = Server({})
    async with provider(server) as smtp:
        assert isinstance(await smtp.send(message(to=address)), Rejected)
        assert isinstance(await smtp.send(message()), Sent)
    assert len(server.mails) == 1


@pytest.mark.parametrize("script", [{"MAIL": SILENT}, {"RCPT": SILENT}, {"DATA": SILENT}, {".": SILENT}])
@pytest.mark.parametrize("extensions", [(), ("PIPELINING",)])
async def test_a_server_that_falls_silent_is_given_up(script: dict[str, str], extensions: tuple[str, ...]) -> None:
    """After a mail that went well, so that what is kept of its time does not count for the next one."""
    server = Server({}, {}, extensions=extensions)
    async with provider(server, timeout=1) as smtp:
        assert isinstance(await smtp.send(message()), Sent)
        server.scripts[0].update(script)
        given_up = await smtp.send(message())
        assert type(given_up) is (Unknown if "." in script else TryLater)
        assert "TimeoutError" in given_up.reason
        assert isinstance(await smtp.send(message()), Sent)
    assert server.connections == 2
