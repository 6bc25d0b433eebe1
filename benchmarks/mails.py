"""Mails a second of the notifier, beside a bare loop that sends prebuilt bytes over as many connections to one sink.

`make bench NAME=mails`. The notifier is the real service at its defaults: deliveries wait on Kafka, each is accepted,
checked for consent, rendered from the library's template, marked, sent and reported. The bare loop sends the very bytes
of such a mail, by the same SMTP library, and knows of no database. What the sink itself can take is measured by a
protocol of a few lines; where that is not well above the loop, the sink was the limit and the figures say little.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs
from rich.table import Table

from benchmarks.report import Goal, finish
from benchmarks.services import prepared, running
from benchmarks.stage import SERVERS, CpuMeter, Stage, stage, stop
from relevo_cli.workflow_files import load_folder
from relevo_contracts import topics
from relevo_contracts.consents import Consent
from relevo_contracts.contact import Contact
from relevo_contracts.envelope import partition_key
from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import Cap, Policy, Purpose, QuietHours, QuietRule, Repeats
from relevo_notifier.adapters import policies
from relevo_notifier.adapters.policies import DeployedPolicy
from relevo_notifier.settings import NotifierSettings
from relevo_runtime import catalog
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import open_pool
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings

HERE = Path(__file__).parent
SHOP = catalog.Shop(
    shop="bench", platform="shopify", name="Casa Luna", domain="casa-luna.example.com",
    email_from="Casa Luna <hello@casa-luna.example.com>", postal_address="Calle Luna 1, Madrid",
)  # fmt: skip
LIMIT = 240.0
WARM = 200
_NIGHT = QuietRule(hours=QuietHours(time_of_day(3), time_of_day(3, 1)))
_RULES = Policy(version="rules", legal_hours=True, quiet=(_NIGHT,), purposes={"marketing": Purpose()})
POLICIES = {
    "none": None,
    "rules": _RULES,
    "caps": structs.replace(_RULES, version="caps", caps=(Cap(most=2, per=timedelta(days=7)),),
                            repeats=(Repeats(within=timedelta(days=3)),)),
}  # fmt: skip
"""No policy, one of hours and consent, and the same with a cap and the same content once."""


@dataclass
class Sent:
    """What one contender did: mails/s, and CPU in ms a mail by process."""

    mails: int
    per_s: float | None
    kilobytes: float
    cpu_ms: dict[str, float] = field(default_factory=dict)
    sink_ms: float = 0.0
    failed: str = ""


class Sink:
    """The sink's process."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, HERE / "smtp_sink.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.smtp, self._report = map(int, self.process.stdout.readline().split())

    def counts(self, *, begin: bool = False) -> dict[str, float]:
        """What arrived; `begin` begins anew."""
        found: dict[str, float] = json.loads(self._get("counts", "POST" if begin else "GET"))
        return found

    def mail(self) -> bytes:
        return self._get("mail", "GET")

    def _get(self, path: str, method: str) -> bytes:
        request = urllib.request.Request(f"http://127.0.0.1:{self._report}/{path}", method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            content: bytes = answer.read()
        return content

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        stop([self.process])


async def by_notifier(on: Stage, sink: Sink, mails: int, policy: str = "none") -> Sent:
    """Deliveries are on Kafka before the notifier starts; the first few are not measured."""
    settings = await prepared(on, "mails")
    version = await _catalog(settings, POLICIES[policy])
    await _publish(settings, version, 0, WARM)
    async with running(on, "mails", settings, services=["notifier"], notifier_smtp_port=sink.smtp) as system:
        await _arrived(sink, WARM)
        await asyncio.sleep(2)
        await asyncio.to_thread(sink.counts, begin=True)
        meter, before = CpuMeter(system.processes, servers=SERVERS), sink.counts()
        # Published sealed and at once, as an engine does; the publishing itself is this process's.
        await _publish(settings, version, WARM, mails)
        failed = await _arrived(sink, mails)
        cpu = meter.seconds()
    return _sent(sink, mails, cpu, before, failed)


async def by_loop(on: Stage, sink: Sink, mails: int, connections: int, content: Path, *more: str) -> Sent:
    """The bare loop, in a process of its own."""
    await asyncio.to_thread(sink.counts, begin=True)
    before = sink.counts()
    process = on.spawn("loop", "-m", "benchmarks.bare_mails", str(sink.smtp), str(connections), str(mails),
                       str(content), *more)  # fmt: skip
    meter = CpuMeter({"loop": process}, servers={})
    try:
        await _arrived(sink, WARM)
        failed, cpu = await _arrived(sink, mails), meter.seconds()
    finally:
        stop([process])
    return _sent(sink, mails, cpu, before, failed)


def _sent(sink: Sink, mails: int, cpu: dict[str, float], before: dict[str, float], failed: str) -> Sent:
    counts = sink.counts()
    took, arrived = counts["last"] - counts["first"], int(counts["mails"])
    return Sent(
        mails=arrived,
        per_s=round(arrived / took, 1) if took > 0 else None,
        kilobytes=round(counts["bytes"] / max(1, arrived) / 1000, 1),
        cpu_ms={name: round(1000 * used / mails, 3) for name, used in cpu.items()},
        sink_ms=round(1000 * (counts["cpu"] - before["cpu"]) / mails, 3),
        failed=failed,
    )


async def _arrived(sink: Sink, mails: int) -> str:
    """Empty once so many have arrived; what is missing after `LIMIT` seconds otherwise."""
    deadline = time.monotonic() + LIMIT
    while (seen := int((await asyncio.to_thread(sink.counts))["mails"])) < mails:
        if time.monotonic() > deadline:
            return f"only {seen} of {mails} mails arrived within {LIMIT:.0f} s"
        await asyncio.sleep(0.1)
    return ""


async def _catalog(settings: RuntimeSettings, policy: Policy | None) -> str:
    loaded = load_folder(Path("workflows/abandoned-cart"))
    pool = await open_pool(settings.dsn, application_name="benchmark")
    async with pool.acquire() as conn, conn.transaction():
        await catalog.add_shop(conn, SHOP)
        await catalog.deploy(conn, workflow=loaded.definition.name, version=loaded.definition.version,
                             files=loaded.files, at=datetime.now(UTC))  # fmt: skip
        if policy is not None:
            compiled = msgspec.json.encode(policy).decode()
            deployed = DeployedPolicy(shop=SHOP.shop, version=policy.version, source="", compiled=compiled)
            await policies.deploy(conn, deployed, datetime.now(UTC))
    await pool.close()
    return loaded.definition.version


async def _publish(settings: RuntimeSettings, version: str, first: int, count: int) -> None:
    encode, now = msgspec.json.Encoder().encode, datetime.now(UTC)
    pool = await open_pool(settings.dsn, application_name="benchmark")
    async with Publisher(settings, seals=Seals(pool, settings)) as publisher:
        for start in range(first, first + count, 2000):
            page = [delivery(n, version, now) for n in range(start, min(start + 2000, first + count))]
            await publisher.publish(
                topics.DELIVERIES, [(partition_key(one.shop, one.key), encode(one)) for one in page]
            )
    await pool.close()


def delivery(n: int, version: str, at: datetime) -> SendDelivery:
    """A marketing mail with two items, to one person who agreed to it."""
    email, price = f"c{n}@example.com", {"amount": "29.95", "currency": "EUR"}
    agreed = Consent(state="granted", at=at - timedelta(days=9), source="checkout")
    items = [{"title": title, "quantity": 2, "price": price} for title in ("Espresso cups", "Linen tablecloth")]
    context: dict[str, Any] = {
        "trigger": {"recover_url": f"https://casa-luna.example.com/recover/{n}", "items": items,
                    "total": {"amount": "119.80", "currency": "EUR"}},
        "customer": {"first_name": "Ada", "email": email},
        "shop": {"name": SHOP.name, "domain": SHOP.domain, "postal_address": SHOP.postal_address},
    }  # fmt: skip
    return SendDelivery(
        id=f"run{n:08}/send-reminder/1", shop=SHOP.shop, key=f"cus_{n}", run_id=f"run{n:08}",
        workflow="abandoned-cart", definition=version, step="send-reminder", channel="email", purpose="marketing",
        template="reminder", context=context, decided_at=at, not_after=at + timedelta(days=1),
        recipient=Contact(email=email, first_name="Ada", locale="en", email_consent=agreed, updated_at=at),
    )  # fmt: skip


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--policy", choices=sorted(POLICIES), default="none", help="the shop's contact policy")
    options = parser.parse_args()
    connections, sink = NotifierSettings().notifier_smtp.connections, Sink()
    try:
        async with asyncio.timeout(900), stage() as on:
            sent = {"notifier": await by_notifier(on, sink, options.mails, options.policy)}
            content = on.folder / "mail"
            content.write_bytes(await asyncio.to_thread(sink.mail))
            mails = options.mails // connections * connections
            sent["bare loop"] = await by_loop(on, sink, mails, connections, content)
            sent["the sink alone"] = await by_loop(on, sink, mails, connections, content, "--raw")
    finally:
        sink.close()
    tell(sent, connections)


def tell(sent: dict[str, Sent], connections: int) -> None:
    """The table and the ratios. By CPU, what senders and servers take is compared: the sink's work is the same."""
    table = Table("contender", "mails/s", "kB a mail", "CPU ms a mail", "of which", "sink's CPU ms", "")
    for name, one in sent.items():
        parts = ", ".join(f"{part} {used}" for part, used in one.cpu_ms.items())
        table.add_row(name, f"{one.per_s}", f"{one.kilobytes}", f"{sum(one.cpu_ms.values()):.2f}", parts,
                      f"{one.sink_ms}", one.failed)  # fmt: skip
    notifier, loop, alone = sent.values()
    per_s = round(notifier.per_s / loop.per_s, 3) if notifier.per_s and loop.per_s and not notifier.failed else None
    used = [sum(one.cpu_ms.values()) for one in (notifier, loop)]
    own = notifier.cpu_ms.get("notifier", 0.0)
    ratios = {
        "mails_per_s": per_s,
        "cpu": round(used[1] / used[0], 3) if used[0] else None,
        "cpu_of_the_notifier_alone": round(used[1] / own, 3) if own else None,
        "sink_alone_to_loop": round(alone.per_s / loop.per_s, 2) if alone.per_s and loop.per_s else None,
    }
    goals = [
        Goal("mails/s, share of the bare loop's", per_s, 0.6, 0.4),
        Goal("the sink alone, times the bare loop", ratios["sink_alone_to_loop"], 1.5),
    ]
    plain = {name.replace(" ", "_"): asdict(one) for name, one in sent.items()}
    finish({**plain, "ratios": ratios, "connections": connections}, goals, table)


if __name__ == "__main__":
    asyncio.run(main())
