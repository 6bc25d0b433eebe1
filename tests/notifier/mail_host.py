"""A mailbox at a mail host, against Dovecot: `make test-integrations`. It needs dovecot-imapd.

A Dovecot that is missing fails the tests; they are never passed over.
"""

import asyncio
import grp
import os
import pwd
import shutil
import socket
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec import structs

from relevo_cli.workflow_files import load_folder
from relevo_engine.settings import EngineSettings
from relevo_notifier.adapters.feedback import FeedbackTable
from relevo_notifier.adapters.imap_inbox import AT_ONCE, ImapAccount, ImapInbox, MailboxError
from relevo_notifier.app.take_feedback import TakeFeedback
from relevo_notifier.core.dsn import return_address
from relevo_notifier.core.feedback import Feedback
from relevo_notifier.entrypoints.context import ServiceContext
from relevo_notifier.entrypoints.receiving import feedback_taken
from relevo_notifier.settings import NotifierSettings
from relevo_runtime import catalog
from relevo_runtime.clock import ManualClock
from relevo_runtime.errors import PublishError
from relevo_runtime.kafka import Publisher
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool
from relevo_runtime.service import Service
from relevo_sandbox.sandbox import run_sandbox
from tests.conftest import SettingsFactory
from tests.e2e.machine import ROOT
from tests.e2e.test_calls_and_tasks import counted, engine_runs, notifier_runs
from tests.notifier.inbound import Published, add_shop
from tests.notifier.mails import ANA, SERVICE, mail
from tests.notifier.support import NOON
from tests.notifier.test_dsn import DOMAIN, POSTFIX, SECRET, report
from tests.notifier.test_feedback import rows, sent
from tests.notifier.waiting import until

NOBODY = 65534
CONFIGURATION = """\
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
protocols = imap
listen = 127.0.0.1
ssl = {ssl}
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail
first_valid_uid = 1
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
"""


class MailHost:
    """A running Dovecot with one mailbox."""

    def __init__(self, folder: Path, port: int, tls_port: int) -> None:
        self.folder = folder
        self.port = port
        self.tls_port = tls_port
        self._number = 0

    def account(self) -> ImapAccount:
        return ImapAccount("127.0.0.1", self.port, "none", "bounces", "secret", timeout=20)

    def put(self, content: bytes) -> None:
        """A mail comes, as a mail transfer agent leaves it in a Maildir."""
        self._number += 1
        new = self.folder / "mail" / "new" / f"{self._number}.mail.host"
        new.write_bytes(content)
        new.chmod(0o666)

    def names(self, folder: str = "") -> list[str]:
        """The mails in a folder, each with its flags."""
        at = self.folder / "mail" / folder
        return sorted(one.name for part in ("new", "cur") for one in (at / part).glob("*"))


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def own_folder() -> Iterator[Path]:
    """One that Dovecot may use, whoever runs the test; its sockets have short paths."""
    folder = Path(tempfile.mkdtemp(prefix="imap", dir="/tmp"))
    try:
        for part in ("new", "cur", "tmp"):
            (folder / "mail" / part).mkdir(parents=True, mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def certificate(folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
        *("-addext", "subjectAltName=IP:127.0.0.1"),
        *("-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0


@pytest.fixture
async def host() -> AsyncIterator[MailHost]:
    """Dovecot on this machine, as nobody if the test runs as root."""
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.fail("a mailbox by IMAP is tested with Dovecot, which is not installed: apt-get install dovecot-imapd")
    uid, gid = (NOBODY, NOBODY) if os.getuid() == 0 else (os.getuid(), os.getgid())
    with own_folder() as folder:
        await certificate(folder)
        found = MailHost(folder, free_port(), free_port())
        (folder / "dovecot.conf").write_text(
            CONFIGURATION.format(
                folder=folder,
                user=pwd.getpwuid(uid).pw_name,
                group=grp.getgrgid(gid).gr_name,
                ssl="yes",
                port=found.port,
                tls_port=found.tls_port,
                uid=uid,
                gid=gid,
            )
        )
        for one in (folder, *folder.rglob("*")):
            os.chown(one, uid, gid)
        other = uid if uid != os.getuid() else None
        process = await asyncio.create_subprocess_exec(
            *(program, "-F", "-c", str(folder / "dovecot.conf")),
            user=other,
            group=None if other is None else gid,
            extra_groups=None if other is None else [],
        )
        try:
            await until(lambda: listening(found.port, process))
            yield found
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def listening(port: int, process: Process) -> bool:
    assert process.returncode is None, "Dovecot does not start"
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def inbox(pool: Pool, account: ImapAccount, published: Published | None = None) -> ImapInbox:
    clock = ManualClock(NOON)
    take = TakeFeedback(FeedbackTable(pool), published or Published(), clock, Metrics("test"))
    return ImapInbox(account, DOMAIN, SECRET, take, clock)


def came_back(named: str, field: str = "To") -> bytes:
    """A report to the return address of a message."""
    return f"{field}: <{return_address(named, DOMAIN, SECRET)}>\r\n".encode() + report(POSTFIX)


@pytest.mark.parametrize("field", ["To", "Delivered-To", "X-Original-To"])
async def test_a_report_is_taken_once_and_seen(pool: Pool, host: MailHost, field: str) -> None:
    named, published = await sent(pool, provider="smtp"), Published()
    host.put(came_back(named, field))
    first, second = inbox(pool, host.account(), published), inbox(pool, host.account(), published)
    await asyncio.gather(first.run_once(NOON), second.run_once(NOON))
    await first.run_once(NOON)
    assert [row[:3] for row in await rows(pool, "suppression")] == [("acme", "email", "ana1@example.com")]
    assert {one.id for one in published.events} == {published.events[0].id}
    assert len(await rows(pool, "feedback")) == 1
    assert [name[-1] for name in host.names()] == ["S"]


async def test_what_is_not_kept_is_not_seen(pool: Pool, host: MailHost) -> None:
    named, published = await sent(pool, provider="smtp"), Published(fails=1)
    host.put(came_back(named))
    taking = inbox(pool, host.account(), published)
    with pytest.raises(PublishError):
        await taking.run_once(NOON)
    assert not host.names()[0].endswith("S")
    await taking.run_once(NOON)
    assert [one.type for one in published.events] == ["message.bounced"]


async def test_a_mail_that_nothing_can_be_made_of_costs_itself_alone(pool: Pool, host: MailHost) -> None:
    named, published = await sent(pool, provider="smtp"), Published()

    class Failing(TakeFeedback):
        async def __call__(self, provider: str, feedback: Sequence[Feedback]) -> int:
            if not feedback:
                raise ValueError("a bug")
            return await super().__call__(provider, feedback)

    host.put(b"")
    host.put(b"To: \xff<bounce-\x00>\r\nSubject: =?x?q?\xff?=\r\n\r\n" + b"x" * 2_000_000)
    host.put(f"To: <bounce-{named}-{'0' * 16}@{DOMAIN}>\r\n".encode() + report(POSTFIX))
    host.put(came_back(named))
    clock = ManualClock(NOON)
    take = Failing(FeedbackTable(pool), published, clock, Metrics("test"))
    taking = ImapInbox(host.account(), DOMAIN, SECRET, take, clock)
    for _ in range(2):
        await taking.run_once(NOON)
    assert [one.type for one in published.events] == ["message.bounced"]
    assert sum(name.endswith("S") for name in host.names()) == 1
    await inbox(pool, host.account(), published).run_once(NOON)
    assert all(name.endswith("S") for name in host.names())


async def test_what_was_taken_is_moved_where_it_is_wanted(pool: Pool, host: MailHost) -> None:
    named = await sent(pool, provider="smtp")
    account = structs.replace(host.account(), moved_to='Taken "in"')
    for _ in range(2):
        host.put(came_back(named))
        await inbox(pool, account).run_once(NOON)
    assert host.names() == []
    assert [name[-1] for name in host.names('.Taken "in"')] == ["S", "S"]


async def test_more_than_one_look_takes_all(pool: Pool, host: MailHost) -> None:
    for _ in range(AT_ONCE + 5):
        host.put(b"Subject: hello\r\n\r\nhello")
    taking = inbox(pool, host.account())
    assert [await taking.run_once(NOON) for _ in range(2)] == [NOON, None]
    assert all(name.endswith("S") for name in host.names())


@pytest.mark.parametrize("tls", ["tls", "starttls"])
async def test_over_tls_the_certificate_is_checked(pool: Pool, host: MailHost, tls: Literal["tls", "starttls"]) -> None:
    port = host.tls_port if tls == "tls" else host.port
    account = structs.replace(host.account(), tls=tls, port=port)
    with pytest.raises(MailboxError, match="certificate verify failed"):
        await inbox(pool, account).run_once(NOON)
    named, published = await sent(pool, provider="smtp"), Published()
    host.put(came_back(named))
    await inbox(pool, structs.replace(account, ca_file=str(host.folder / "certificate.pem")), published).run_once(NOON)
    assert [one.type for one in published.events] == ["message.bounced"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"password": "wrong"}, "AUTHENTICATIONFAILED"),
        ({"folder": "Nowhere"}, "doesn't exist"),
        ({"port": 1}, "refused"),
    ],
)
async def test_what_is_wrong_is_said(pool: Pool, host: MailHost, wrong: dict[str, Any], words: str) -> None:
    account = structs.replace(host.account(), **wrong)
    with pytest.raises(MailboxError, match=words):
        await inbox(pool, account).run_once(NOON)


async def deploy(pool: Pool, *workflows: str) -> None:
    """A shop with these workflows of the library."""
    await add_shop(pool)
    for name in workflows:
        loaded = load_folder(ROOT / "workflows" / name)
        one = loaded.definition
        async with pool.acquire() as conn, conn.transaction():
            at = datetime.now(UTC)
            await catalog.deploy(conn, workflow=one.name, version=one.version, files=loaded.files, at=at)


async def test_a_mail_of_a_customer_becomes_a_ticket_and_what_a_machine_writes_back_none(
    pool: Pool, settings: SettingsFactory, topics: list[str], host: MailHost, tmp_path: Path
) -> None:
    await deploy(pool, "customer-mail", "customer-service")
    account = host.account()
    own = settings(
        NotifierSettings,
        notifier_imap_host=account.host,
        notifier_imap_port=account.port,
        notifier_imap_tls=account.tls,
        notifier_imap_user=account.user,
        notifier_imap_password=account.password,
        notifier_mail_addresses=f"{SERVICE}=acme",
    )
    host.put(b"From: " + b"\xff" * 100)
    host.put(mail("Do you have it in blue?").as_bytes())
    host.put(mail("I am away", Auto_Submitted="auto-replied", Message_ID="<2@mail.example.org>").as_bytes())
    service = Service("feedback", own)
    context = ServiceContext(service.clock, service.metrics, service.health, service.fail)
    async with (
        run_sandbox(tmp_path / "mail") as sandbox,
        engine_runs(settings(EngineSettings)),
        notifier_runs(settings(NotifierSettings, notifier_smtp={"port": sandbox.smtp_port})),
        Publisher(own) as publisher,
        feedback_taken(own, publisher, context) as receiving,
    ):
        assert receiving.mailbox is not None
        await receiving.mailbox.run_once(datetime.now(UTC))
        await until(lambda: counted(pool, "notifier.delivery where state = 'sent'"))
        [acknowledged] = sandbox.box.messages(0, 10)
        host.put((tmp_path / "mail" / acknowledged.file).read_bytes())  # it is forwarded to where it came from
        await receiving.mailbox.run_once(datetime.now(UTC))
    assert acknowledged.to == ANA
    assert [name[-1] for name in host.names()] == ["S"] * 4
    assert await pool.fetchval("select count(*) from notifier.inbound") == 1
    assert await pool.fetchval("select count(*) from engine.task") == 1
