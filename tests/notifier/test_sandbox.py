"""The sandbox as programs and people use it: as a process, over SMTP and HTTP."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosmtplib
import httpx
import pytest
from starlette.applications import Starlette

from relevo_notifier.core.mime import build_mail
from relevo_sandbox.echo import Echo
from relevo_sandbox.sandbox import Sandbox, run_sandbox
from tests.notifier.test_mime import mail_content
from tests.notifier.waiting import until


async def send(port: int, content: bytes, to: str = "ana@example.com") -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
        await client.sendmail("hello@acme.example.com", [to], content)


async def test_a_mail_can_be_listed_counted_followed_and_looked_at(sandbox: Sandbox) -> None:
    html = "<p>Hello <b>Ana</b></p><script>alert(1)</script>"
    content = build_mail(mail_content(subject="Tu cesta ñ", text=".\n..dots\n", html=html))
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        async with client.stream("GET", "/stream") as stream:
            lines = stream.aiter_lines()
            await send(sandbox.smtp_port, content)
            await send(sandbox.smtp_port, content)
            followed = [json.loads(await anext(lines)) for _ in range(2)]
        listed = (await client.get("/messages", params={"since": 1})).json()
        counts = (await client.get("/counts")).json()
        overview = (await client.get("/")).text
        page = (await client.get("/mail/1")).text
        body = await client.get("/mail/1/html")
        missing = await client.get("/mail/9")
    assert [message["number"] for message in followed] == [1, 2]
    assert [message["number"] for message in listed] == [2]
    assert counts == {"emails": 2, "sms": 0, "effects": 1, "duplicates": 1}
    assert followed[0]["subject"] == "Tu cesta ñ"
    assert "Tu cesta ñ" in overview
    assert "<iframe sandbox" in page
    assert "<script>" not in page
    assert "<b>Ana</b>" in body.text
    assert "script-src 'none'" in body.headers["content-security-policy"]
    assert missing.status_code == 404


async def test_the_files_sort_by_arrival_and_hold_the_mail_as_it_came(sandbox: Sandbox) -> None:
    content = build_mail(mail_content(text=".leading dot\n..two\n"))
    await send(sandbox.smtp_port, content)
    await send(sandbox.smtp_port, build_mail(mail_content(subject="../../etc/passwd")), to="bo@example.com")
    names = sorted(path.name for path in sandbox.box.folder.glob("*.eml"))
    assert names == ["000001-ana@example.com-Your-cart.eml", "000002-bo@example.com-etc-passwd.eml"]
    assert (sandbox.box.folder / names[0]).read_bytes() == content


async def test_a_second_start_goes_on_after_the_messages_of_the_first(tmp_path: Path) -> None:
    first, second = build_mail(mail_content(subject="One")), build_mail(mail_content(subject="Three"))
    async with run_sandbox(tmp_path) as sandbox:
        await send(sandbox.smtp_port, first)
        sandbox.box.put_sms(to="+12025550123", sender="+12025550100", text="Two", sid="SM2", effect="e2")
    async with run_sandbox(tmp_path) as sandbox:
        await send(sandbox.smtp_port, second)
        messages, counts = sandbox.box.messages(), sandbox.box.counts()
        mails = [sandbox.box.mail(1), sandbox.box.mail(3)]
    assert [(one.number, one.kind, one.subject or one.text) for one in messages] == [
        (1, "email", "One"),
        (2, "sms", "Two"),
        (3, "email", "Three"),
    ]
    assert (counts.emails, counts.sms, mails) == (2, 1, [first, second])


async def test_a_text_after_one_that_a_crash_cut_off_is_kept(tmp_path: Path) -> None:
    for text in ("One", "Two", "Three"):
        async with run_sandbox(tmp_path) as sandbox:
            sandbox.box.put_sms(to="+12025550123", sender="+12025550100", text=text, sid=text, effect=text)
        if text == "Two":
            file = tmp_path / "sms.jsonl"
            file.write_bytes(file.read_bytes()[:-9])
    async with run_sandbox(tmp_path) as sandbox:
        assert [one.text for one in sandbox.box.messages()] == ["One", "Three"]


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_that_may_have_no_body_has_none(status: int) -> None:
    # Without a server in between, which would hide the body and close the connection.
    app = httpx.ASGITransport(Starlette(routes=Echo().routes()))
    async with httpx.AsyncClient(transport=app, base_url="http://sandbox") as client:
        answer = await client.post(f"/echo?status={status}", json={"order": "o-1"})
        assert (answer.status_code, answer.content) == (status, b"")
        assert len((await client.get("/calls")).json()) == 1


async def test_calls_are_answered_with_what_they_sent_without_their_secrets(sandbox: Sandbox) -> None:
    headers = {"Idempotency-Key": "r/erp/1", "Authorization": "Bearer secret"}
    async with httpx.AsyncClient(base_url=sandbox.url, headers=headers) as client:
        good = await client.post("/echo/orders?shop=acme", json={"order": "o-1"})
        bad = await client.post("/echo?status=503", content=b"no json")
        listed = (await client.get("/calls")).json()
    assert good.json() == {
        "method": "POST",
        "path": "/echo/orders",
        "query": {"shop": "acme"},
        "idempotency_key": "r/erp/1",
        "body": {"order": "o-1"},
    }
    assert (good.status_code, bad.status_code) == (200, 503)
    assert [call["body"] for call in listed] == [{"order": "o-1"}, "no json"]
    assert "secret" not in good.text


async def test_faults_are_set_over_http_and_bad_ones_are_told(sandbox: Sandbox) -> None:
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        good = await client.put("/faults", json={"temporary": 3})
        bad = await client.put("/faults", json={"temporary": "often"})
    assert good.json()["temporary"] == 3
    assert (bad.status_code, "Expected `int`" in bad.text) == (422, True)


async def test_it_speaks_the_sms_api(sandbox: Sandbox) -> None:
    path = "/2010-04-01/Accounts/AC1/Messages.json"
    form = {"To": "+12025550123", "From": "+12025550100", "Body": "Hello ✓"}
    async with httpx.AsyncClient(base_url=sandbox.url, auth=("AC1", "sandbox")) as client:
        made = await client.post(path, data=form)
        wrong = await client.post(path, data={**form, "To": "12"})
        listed = await client.get(path, params={"To": form["To"]})
        stranger = await client.post(path, data=form, auth=("AC1", "guess"))
    assert (made.status_code, made.json()["status"], made.json()["body"]) == (201, "queued", "Hello ✓")
    assert (wrong.status_code, wrong.json()["code"]) == (400, 21211)
    assert [message["sid"] for message in listed.json()["messages"]] == [made.json()["sid"]]
    assert (stranger.status_code, stranger.json()["code"]) == (401, 20003)
    stored = json.loads((sandbox.box.folder / "sms.jsonl").read_text())
    assert (stored["to"], stored["text"]) == ("+12025550123", "Hello ✓")


@asynccontextmanager
async def process(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def test_as_a_process_it_says_where_it_listens_and_ends_when_asked(tmp_path: Path) -> None:
    ports = ("--smtp-port", "0", "--http-port", "0")
    async with process(sys.executable, "-m", "relevo_sandbox", *ports, "--folder", str(tmp_path / "m")) as running:
        assert running.stdout is not None
        ready = json.loads(await running.stdout.readline())
        await send(ready["smtp"], build_mail(mail_content()))
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{ready['url']}/counts")).json()["emails"] == 1
        running.terminate()
        assert await running.wait() == 0


async def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    parent = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'relevo_sandbox', '--smtp-port', '0', '--http-port', '0',"
        f" '--folder', {str(tmp_path / 'm')!r}, '--watch-parent'], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    async with process(sys.executable, "-c", parent) as running:
        assert running.stdout is not None
        child = int(await running.stdout.readline())
        running.kill()

    async def gone() -> bool:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return True
        # Where nobody collects orphans it stays as a zombie, which runs no more.
        stat = Path(f"/proc/{child}/stat")
        return stat.exists() and ") Z " in stat.read_text()

    await until(gone)
