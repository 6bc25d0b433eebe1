"""What `relevo connect` did, as people read it and as JSON."""

from collections.abc import Sequence
from datetime import UTC

from msgspec import Struct
from rich.markup import escape
from rich.table import Table

from relevo_cli.connecting.access import ResourceAccess
from relevo_cli.connecting.reachability import Reachability
from relevo_cli.console import counted, err, local_minute, out
from relevo_ingest.app.register_webhooks import StepResult

_WORDS = {"create": "made", "replace": "made anew", "delete": "removed", "keep": "in order"}


class ConnectReport(Struct, frozen=True, kw_only=True):
    """Everything that a command found and did. Without `webhooks` none are registered by the API."""

    shop: str
    address: str
    access: Sequence[ResourceAccess]
    webhooks: Sequence[StepResult] | None = None
    reached: Reachability | None = None

    @property
    def failed(self) -> bool:
        """Whether something is to be mended."""
        refused = any(one.failure and not one.expected for one in self.webhooks or ())
        return refused or any(one.failure for one in self.access) or bool(self.reached and self.reached.problem)


def show(outcome: ConnectReport) -> None:
    """Prints it."""
    for one in outcome.access:
        if one.failure:
            err().print(f"{one.resource} can't be read: {one.failure}", markup=False, soft_wrap=True, style="yellow")
    if outcome.webhooks is None:
        out().print(
            f"shop {outcome.shop} is connected: it sends no webhooks, so it is asked what changed", markup=False
        )
        return
    show_webhooks(outcome.webhooks)
    out().print(_summary(outcome.webhooks, outcome.address), markup=False, soft_wrap=True)
    if outcome.reached is not None:
        _show_reached(outcome.reached, outcome.address)


def show_webhooks(done: Sequence[StepResult]) -> None:
    """A table of what changed and what could not be done."""
    shown = [one for one in done if one.step.do != "keep" or one.failure]
    if not shown:
        return
    table = Table("topic", "what", "why")
    for one in shown:
        word = ("not available" if one.expected else "FAILED") if one.failure else _WORDS[one.step.do]
        table.add_row(*map(escape, (one.step.topic, word, one.failure or one.step.why)))
    out().print(table)


def _summary(done: Sequence[StepResult], address: str) -> str:
    there = [one for one in done if one.webhook is not None]
    changed = sum(one.step.do != "keep" and not one.failure for one in done)
    failed = sum(bool(one.failure) and not one.expected for one in done)
    parts = [f"{counted(len(there), 'topic is', 'topics are')} delivered to {address}"]
    parts.append(counted(changed, "change") if changed else "nothing had to be changed")
    parts += [f"{counted(failed, 'topic')} could not be registered"] if failed else []
    return "; ".join(parts)


def _show_reached(reached: Reachability, address: str) -> None:
    if reached.proven:
        out().print(f"the platform reached {address}", markup=False, soft_wrap=True)
    elif reached.problem:
        err().print(reached.problem, markup=False, soft_wrap=True, style="red")
    else:
        out().print("the address answers; the platform's first webhook will show that it gets here", markup=False)
    last = reached.last.webhook_at
    if last is not None:
        out().print(f"the last webhook of the shop came at {local_minute(last, UTC)} UTC", markup=False)


def as_json(outcome: ConnectReport) -> dict[str, object]:
    """The same for programs."""
    reached = outcome.reached
    return {
        "shop": outcome.shop,
        "address": outcome.address,
        "failed": outcome.failed,
        "access": {one.resource: one.failure or "ok" for one in outcome.access},
        "webhooks": [
            {
                "topic": one.step.topic,
                "done": one.step.do,
                "why": one.step.why,
                "failure": one.failure,
                "expected": one.expected,
            }
            for one in outcome.webhooks or ()
        ],
        "reached": None
        if reached is None
        else {
            "proven": reached.proven,
            "problem": reached.problem,
            "last_webhook": reached.last.webhook_at,
            "last_ping": reached.last.ping_at,
        },
    }
