"""From facts to findings: what is wrong with a system, how badly, and what to do. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from relevo_cli.commands.shops import missing
from relevo_cli.console import counted
from relevo_cli.deploying.report import adding_system, without_system
from relevo_cli.doctor.facts import BrokerFacts, DatabaseFacts, Facts, ServiceFacts, Unavailable, Waiting
from relevo_cli.doctor.findings import ORDER, Finding, Severity
from relevo_contracts.topics import DEAD_LETTERS, UNRECOGNISED

LATE = timedelta(minutes=1)
"""Whatever waits for longer than this is late: every queue is looked at each second."""
VERY_LATE = timedelta(minutes=15)
MUCH_LAG = 10_000
"""Records: what an engine reads in a second or two. More than that is a group that does not keep up."""
SKEW = timedelta(seconds=2)
MUCH_SKEW = timedelta(seconds=30)
"""Signatures and leases reckon in minutes."""
DAYS_OF_COUPONS = 7
"""Days for which the codes of a pool should last, at the rate of the last two weeks."""
FREE_SHARE = 0.05
SECRETS = "secrets of calls"
"""The part of the notifier's /readyz that names what is not set."""

_QUEUES = {
    "email": ("e-mail", "e-mails"),
    "sms": ("SMS", "SMS"),
    "call": ("HTTP call", "HTTP calls"),
}


def findings(facts: Facts) -> list[Finding]:
    """Everything that is to be said, the worst first."""
    found = [*_database(facts), *_broker(facts), *_services(facts), *_disk(facts)]
    return sorted(found, key=lambda finding: ORDER.index(finding.severity))


def _database(facts: Facts) -> Iterator[Finding]:
    postgres = facts.postgres
    if isinstance(postgres, Unavailable):
        yield _server("PostgreSQL", "RELEVO_POSTGRES", postgres)
        return
    yield from skew("PostgreSQL", postgres.ahead)
    if postgres.migrations:
        count = counted(len(postgres.migrations), "migration is", "migrations are")
        what = f"{count} not applied to the database: {', '.join(postgres.migrations[:5])}"
        yield Finding("error", "PostgreSQL", what, "`relevo migrate`")
        return
    yield from _queues(postgres)
    yield from _again(postgres)
    yield from _ended(postgres)
    yield from _catalog(facts, postgres)
    yield from _systems(postgres)
    yield from _coupons(postgres)


def _coupons(postgres: DatabaseFacts) -> Iterator[Finding]:
    for one in postgres.coupons:
        days = one.left * 14 // one.taken
        if days < DAYS_OF_COUPONS:
            how_long = f"enough for {counted(days, 'day', 'days')}" if one.left else "workflows go on without"
            what = f"{one.shop}: {counted(one.left, 'code is', 'codes are')} left in the pool {one.pool}, {how_long}"
            more = f"`relevo coupons import {one.shop} {one.pool} FILE`"
            do = f"{more}, or have the shop make them: `relevo coupons create`"
            yield Finding("warning", "coupons", what, do)


def _server(name: str, setting: str, away: Unavailable) -> Finding:
    if away.silent:
        do = "see whether it or a machine is overloaded, or its disk full, and ask again; end nothing that works"
        return Finding("error", name, f"{name} is slow or hangs: {away.why}", do)
    do = f"start it, or set {setting} to its address; services go on by themselves once it is back"
    return Finding("error", name, f"{name} does not answer: {away.why}", do)


def _queues(postgres: DatabaseFacts) -> Iterator[Finding]:
    yield from _late(
        "timers",
        ("timer that is due", "timers that are due"),
        postgres.timers,
        "see that the scheduler and an engine run",
    )
    yield from _late(
        *("outbox", ("message in the outbox", "messages in the outbox"), postgres.outbox),
        "see that Kafka answers and a scheduler runs",
    )
    for channel, waiting in sorted(postgres.queues.items()):
        do = "see that the notifier runs and its provider answers: its log says why it waits"
        one, many = _QUEUES[channel]
        yield from _late("notifier", (f"{one} that is due", f"{many} that are due"), waiting, do)


def _late(part: str, names: tuple[str, str], waiting: Waiting, do: str) -> Iterator[Finding]:
    if waiting.count and waiting.oldest > LATE:
        severity: Severity = "error" if waiting.oldest > VERY_LATE else "warning"
        one, many = names
        what = counted(waiting.count, f"{one} has waited", f"{many} are waiting, the oldest")
        yield Finding(severity, part, f"{what} for {lasting(waiting.oldest)}", do)


def _again(postgres: DatabaseFacts) -> Iterator[Finding]:
    for one in postgres.again:
        where = "the called system" if one.what == "call" else "the provider, or its RELEVO_NOTIFIER_… settings"
        do = f"mend {where}: they are tried again by themselves, but not for ever (RELEVO_NOTIFIER_…ATTEMPTS)"
        name, names = _QUEUES[one.what]
        tried = (f"{name} was tried in vain and is tried again", f"{names} were tried in vain and are tried again")
        what = counted(one.waiting.count, *tried)
        reason = f", mostly: {one.reason}" if one.reason else ""
        since = f"the oldest accepted {lasting(one.waiting.oldest)} ago"
        yield Finding("warning", "notifier", f"{what}, {since}{reason}", do)


def _ended(postgres: DatabaseFacts) -> Iterator[Finding]:
    for one in postgres.settled:
        doubt = one.state == "in_doubt"
        state = "in doubt (nobody knows whether they went out)" if doubt else one.state
        reason = f", mostly: {one.reason}" if one.reason else ""
        do = "`relevo explain --shop SHOP --customer CUSTOMER` says which; " + (
            "ask the provider by the effect's id" if doubt else "mend the cause, the workflow goes on as written"
        )
        what = counted(one.count, *_QUEUES[one.what])
        yield Finding("warning", "notifier", f"{what} of the last day {state}{reason}", do)


def _catalog(facts: Facts, postgres: DatabaseFacts) -> Iterator[Finding]:
    if not postgres.shops:
        yield Finding("warning", "shops", "no shop is known", "`relevo shops add NAME --platform shopify --secret …`")
    held = {shop.shop for shop in postgres.shops if shop.held}
    for shop in postgres.shops:
        if shop.held_at is not None and not shop.moved_to:
            do = f"`relevo shops move {shop.shop} --to …` goes on with it, with `--abort` it is served here again"
            since = f"{shop.held_at:%Y-%m-%d %H:%M} UTC"
            yield Finding("warning", "shops", f"{shop.held}, since {since}: nothing is taken for it", do)
        for lack in () if shop.held else missing(shop):
            what, _, do = lack.partition(": ")
            yield Finding("warning", "shops", f"{shop.shop}: {what}", do)
    for pause in (one for one in postgres.pauses if one.shop not in held):
        what = f"{pause.shop} is paused in {pause.service} since {pause.at:%Y-%m-%d %H:%M} UTC: {pause.cause}"
        do = f"mend the cause, then: `relevo shops resume {pause.shop}`, and `relevo dead-letters redrive --all`"
        yield Finding("error", "shops", what, do)
    for one in postgres.unreadable:
        do = f"mend {one.workflow} and deploy it: `relevo deploy workflows/{one.workflow}`"
        yield Finding("error", "workflows", f"{one.workflow} can't be read by this release: {one.why}", do)
    notifier = facts.services.get("notifier")
    if isinstance(notifier, ServiceFacts):
        return  # it tells itself what it was not given
    for workflow, names in sorted(postgres.secrets.items()):
        unset = [name for name in (f"RELEVO_CALL_SECRET_{each}" for each in names) if name not in facts.secrets_here]
        if unset:
            what = f"{workflow} needs {', '.join(unset)}, not set here; the notifier could not be asked"
            yield Finding("warning", "secrets", what, "set it in the notifier's environment and start it again")


def _systems(postgres: DatabaseFacts) -> Iterator[Finding]:
    for one in postgres.unserved:
        yield Finding("warning", "systems", f"{one.workflow}: {without_system(one)}", adding_system(one))


def _broker(facts: Facts) -> Iterator[Finding]:
    kafka = facts.kafka
    if isinstance(kafka, Unavailable):
        yield _server("Kafka", "RELEVO_KAFKA", kafka)
        return
    yield from _topics(facts, kafka)
    yield from _groups(kafka)
    yield from _kept(kafka)


def _topics(facts: Facts, kafka: BrokerFacts) -> Iterator[Finding]:
    for name, topic in sorted(kafka.topics.items()):
        if not topic.partitions:
            yield Finding("error", "Kafka", f"there is no topic {name}", "`relevo migrate`")
        elif topic.partitions != facts.partitions:
            what = f"topic {name} has {counted(topic.partitions, 'partition')}, the settings say {facts.partitions}"
            yield Finding("error", "Kafka", what, f"RELEVO_PARTITIONS={topic.partitions} for every service")
        if topic.leaderless:
            count = counted(topic.leaderless, f"partition of {name} has", f"partitions of {name} have")
            what = f"{count} no leader: nothing about their customers moves"
            yield Finding("error", "Kafka", what, "start the brokers that hold them")
        elif topic.lacking_replicas:
            count = counted(topic.lacking_replicas, f"partition of {name} has", f"partitions of {name} have")
            what = f"{count} fewer replicas in sync than there should be"
            yield Finding("warning", "Kafka", what, "see which broker is away or behind")
        if topic.from_the_future:
            what = f"{name} has records that are dated in the future"
            yield Finding("warning", "clocks", what, "set the clocks of the services' machines (NTP)")


def _groups(kafka: BrokerFacts) -> Iterator[Finding]:
    for name, group in sorted(kafka.groups.items()):
        lag = sum(group.lag.values())
        behind = ", ".join(f"{topic} {count}" for topic, count in sorted(group.lag.items()) if count)
        if not group.members:
            waiting = f" ({counted(lag, 'record waits', 'records wait')}: {behind})" if lag else ""
            what = f"nobody reads as {name}{waiting}"
            yield Finding("error", "Kafka", what, f"start a service {name.split('-', maxsplit=1)[0]}")
        elif lag > MUCH_LAG:
            what = f"{name} is {lag} records behind: {behind}"
            yield Finding("warning", "Kafka", what, "if it grows, start more of it; its log says if it tries again")


def _kept(kafka: BrokerFacts) -> Iterator[Finding]:
    letters = kafka.topics.get(DEAD_LETTERS)
    if letters is not None and letters.kept:
        count = counted(letters.kept, "dead letter is", "dead letters are")
        what = f"about {count} kept, {letters.today} of them of the last day"
        do = "`relevo dead-letters list` says why; once that is mended: `relevo dead-letters redrive --all`"
        yield Finding("warning" if letters.today else "note", "dead letters", what, do)
    unrecognised = kafka.topics.get(UNRECOGNISED)
    if unrecognised is not None and unrecognised.kept:
        count = counted(unrecognised.kept, "webhook without an event is", "webhooks without an event are")
        what = f"about {count} kept, {unrecognised.today} of the last day"
        yield Finding("note", "unrecognised", what, "`relevo unrecognised list` says which")


def _services(facts: Facts) -> Iterator[Finding]:
    if not facts.services:
        do = "`relevo doctor --service engine=http://HOST:PORT` (RELEVO_ADMIN_PORT), once for each"
        yield Finding("note", "services", "no service was asked: their addresses are not known", do)
    for name, service in sorted(facts.services.items()):
        if isinstance(service, Unavailable):
            do = f"start it; {name}.log says why"
            if service.silent:
                do = (
                    f"{name}.log says what it did last; if it stays so, end it (SIGKILL too loses nothing) and start it"
                )
            yield Finding("error", name, f"{name} does not answer: {service.why}", do)
            continue
        yield from skew(name, service.ahead)
        if service.version and service.version != facts.version:
            what = f"{name} is of release {service.version}, this command of {facts.version}"
            yield Finding("warning", name, what, "bring all to one release, `relevo migrate` first")
        yield from _bad_parts(name, service, facts)
        yield from _doubtful_parts(name, service)


def _bad_parts(name: str, service: ServiceFacts, facts: Facts) -> Iterator[Finding]:
    """One finding for each reason. None while a server is away that the service misses too: it is the reason, and what
    else is wrong can be told once it is back.
    """
    reasons: dict[str, list[str]] = {}
    for part, (ok, why) in sorted(service.parts.items()):
        if not ok:
            reasons.setdefault(why or "does not work", []).append(part)
    missed = {part for parts in reasons.values() for part in parts}
    servers = {"database": facts.postgres, "kafka": facts.kafka}
    if any(isinstance(server, Unavailable) and part in missed for part, server in servers.items()):
        return
    for why, parts in reasons.items():
        yield Finding("error", name, f"{name} is not ready: {', '.join(parts)}: {why}", f"{name}'s log says more")


def _doubtful_parts(name: str, service: ServiceFacts) -> Iterator[Finding]:
    for part, (ok, why) in sorted(service.parts.items()):
        if not ok:
            continue
        if part == SECRETS and why:
            yield Finding("warning", name, why, "set them in the notifier's environment and start it again")
        elif part == "definitions" and why:
            yield Finding("error", name, why, "mend and deploy it: `relevo deploy workflows/NAME`")


def skew(part: str, ahead: timedelta) -> Iterator[Finding]:
    """What is to be said of a clock that is `ahead` of this machine's."""
    if abs(ahead) > SKEW:
        way = "ahead of" if ahead > timedelta(0) else "behind"
        what = f"the clock of {part} is {lasting(abs(ahead))} {way} this machine's"
        severity: Severity = "error" if abs(ahead) > MUCH_SKEW else "warning"
        yield Finding(severity, "clocks", what, "set the clocks of the machines (NTP)")


def _disk(facts: Facts) -> Iterator[Finding]:
    if facts.disk is not None and facts.disk[0] < FREE_SHARE:
        what = f"the disk of the system's data has {facts.disk[1] // 2**20} MiB left"
        yield Finding("error", "disk", what, "make room: both servers stop when it is full")


def lasting(span: timedelta) -> str:
    """A span as people say it, in its largest unit."""
    seconds = span.total_seconds()
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
