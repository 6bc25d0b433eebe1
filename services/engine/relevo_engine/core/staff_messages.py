"""From what one of the staff hears to the messages that leave the engine: mails, texts and calls of webhooks. Pure."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

import msgspec
from msgspec import Struct

from relevo_contracts import topics
from relevo_contracts.contact import Contact
from relevo_contracts.keys import SHOP_KEY
from relevo_contracts.messages import CallHttp, SendDelivery
from relevo_contracts.staff import Member, StaffChannel
from relevo_engine.core.notices import Digest, TaskNews
from relevo_engine.core.staff_reports import ReportNews, context_of
from relevo_engine.core.tasks import Task
from relevo_runtime.outgoing import Outgoing
from relevo_templates.staff import DIGEST, NOTICE, REPORT, sms_of, staff_card
from relevo_workflow import Definition, Shop

GOOD_FOR = timedelta(days=1)
"""So long after it was due a message to the staff is still of use."""
MOST_LISTED = 30
"""So many tasks of a kind a digest lists; it says how many there are."""
TIMEOUT = 10.0
Chat = Literal["slack", "teams"]

_encode = msgspec.json.Encoder().encode


class StaffMessages(Struct, frozen=True):
    """How messages are made. `task_url` has `{shop}` and `{id}`; empty: no links.

    `definition` finds a version, which may have texts of its own.
    """

    task_url: str
    shop: Callable[[str], Shop]
    definition: Callable[[str], Definition | None]

    def of_task(self, one: TaskNews, now: datetime) -> list[Outgoing]:
        """The messages by which somebody hears of a task."""
        context = {"notice": one.kind, "task": self._task(one.task), **self._reader(one.member)}
        about = _About(one.id, one.task.key, one.task.workflow, one.task.step, one.task.version, NOTICE)
        return list(self._messages(about, one.member, context, now))

    def of_day(self, one: Digest, now: datetime) -> list[Outgoing]:
        """The messages by which somebody hears of their day."""
        day = one.day
        lists = {"overdue": day.overdue, "today": day.today, "undated": day.undated, "unassigned": day.unassigned}
        found: dict[str, Any] = {name: self._listed(tasks) for name, tasks in lists.items()}
        counts = {f"{name}_count": len(tasks) for name, tasks in lists.items()}
        context = {"notice": "digest", "digest": found | counts, **self._reader(one.member)}
        return list(self._messages(_About(one.id, SHOP_KEY, "", "", "", DIGEST), one.member, context, now))

    def of_report(self, one: ReportNews, now: datetime) -> list[Outgoing]:
        """The messages by which somebody gets a report."""
        context = {"notice": "report", "report": context_of(one), **self._reader(one.member)}
        return list(self._messages(_About(one.id, SHOP_KEY, "", "", "", REPORT), one.member, context, now))

    def _messages(self, about: "_About", member: Member, context: dict[str, Any], now: datetime) -> Iterator[Outgoing]:
        for channel, address in member.wanted():
            if channel in ("slack", "teams"):
                command: SendDelivery | CallHttp = self._call(about, member, (channel, address), context, now)
                topic = topics.CALLS
            else:
                command = self._delivery(about, member, channel, context, now)
                topic = topics.DELIVERIES
            yield Outgoing(member.shop, command.id, topic, about.key, _encode(command))

    def _delivery(
        self, about: "_About", member: Member, channel: StaffChannel, context: dict[str, Any], now: datetime
    ) -> SendDelivery:
        kind: Literal["email", "sms"] = "sms" if channel == "sms" else "email"
        return SendDelivery(
            id=f"{about.id}/{channel}",
            shop=member.shop,
            key=about.key,
            run_id="",
            workflow=about.workflow,
            definition=about.version,
            step=about.step,
            channel=kind,
            purpose="transactional",
            template=sms_of(about.template) if channel == "sms" else about.template,
            recipient=Contact(
                email=member.email,
                phone=member.phone,
                first_name=member.name,
                locale=member.locale,
                timezone=member.timezone,
            ),
            context=context,
            decided_at=now,
            not_after=now + GOOD_FOR,
            reason="tells the staff",
            to="staff",
        )

    def _call(
        self, about: "_About", member: Member, to: tuple[Any, str], context: dict[str, Any], now: datetime
    ) -> CallHttp:
        service: Chat = to[0]
        definition, shop = self.definition(about.version), self.shop(member.shop)
        own = (definition.templates, definition.files) if definition is not None else None
        locales, zone = (member.locale, shop.locale), member.timezone or shop.timezone
        return CallHttp(
            id=f"{about.id}/{service}",
            shop=member.shop,
            key=about.key,
            run_id="",
            workflow=about.workflow,
            step=about.step,
            method="POST",
            url=f"${{{to[1]}}}",
            timeout_seconds=TIMEOUT,
            body=staff_card(service, about.template, context, (locales, zone), own),
            decided_at=now,
            webhook=service,
        )

    def _reader(self, member: Member) -> dict[str, Any]:
        return {"member": {"name": member.name}, "shop": msgspec.to_builtins(self.shop(member.shop))}

    def _task(self, task: Task) -> dict[str, Any]:
        return {
            "id": task.task_id,
            "title": task.title,
            "approval": task.approval,
            "urgent": task.urgent,
            "assignee": task.assignee,
            "workflow": task.workflow,
            "due": task.deadline.isoformat() if task.deadline is not None else "",
            "link": self._link(task),
        }

    def _listed(self, tasks: Sequence[Task]) -> list[dict[str, Any]]:
        return [self._task(one) for one in tasks[:MOST_LISTED]]

    def _link(self, task: Task) -> str:
        shop, id_ = quote(task.shop, safe=""), quote(task.task_id, safe="")
        return self.task_url.replace("{shop}", shop).replace("{id}", id_)


class _About(Struct, frozen=True):
    """What a message is about: its key, the customer's, the step and the template."""

    id: str
    key: str
    workflow: str
    step: str
    version: str
    template: str
