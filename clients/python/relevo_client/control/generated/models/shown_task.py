from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.shown_task_status import ShownTaskStatus
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.considered import Considered
    from ..models.vote import Vote


T = TypeVar("T", bound="ShownTask")


@_attrs_define
class ShownTask:
    """A task with how many `answers` were given to it here, those included that the engine has yet to take.

    Attributes:
        shop (str):
        task_id (str):
        run_id (str):
        key (str):
        workflow (str):
        step (str):
        title (str):
        approval (bool):
        skill (str):
        roles (list[str]):
        needed (int):
        assignee (str):
        status (ShownTaskStatus):
        opened_at (datetime.datetime):
        deadline (datetime.datetime | None | Unset):
        reminded_at (datetime.datetime | None | Unset):
        escalated_at (datetime.datetime | None | Unset):
        closed_at (datetime.datetime | None | Unset):
        close_reason (str | Unset):  Default: ''.
        votes (list[Vote] | Unset):
        version (str | Unset):  Default: ''.
        skill_level (int | Unset):  Default: 0.
        urgent (bool | Unset):  Default: False.
        reassign_at (datetime.datetime | None | Unset):
        considered (list[Considered] | Unset):
        answers (int | Unset):  Default: 0.
    """

    shop: str
    task_id: str
    run_id: str
    key: str
    workflow: str
    step: str
    title: str
    approval: bool
    skill: str
    roles: list[str]
    needed: int
    assignee: str
    status: ShownTaskStatus
    opened_at: datetime.datetime
    deadline: datetime.datetime | None | Unset = UNSET
    reminded_at: datetime.datetime | None | Unset = UNSET
    escalated_at: datetime.datetime | None | Unset = UNSET
    closed_at: datetime.datetime | None | Unset = UNSET
    close_reason: str | Unset = ""
    votes: list[Vote] | Unset = UNSET
    version: str | Unset = ""
    skill_level: int | Unset = 0
    urgent: bool | Unset = False
    reassign_at: datetime.datetime | None | Unset = UNSET
    considered: list[Considered] | Unset = UNSET
    answers: int | Unset = 0
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        shop = self.shop

        task_id = self.task_id

        run_id = self.run_id

        key = self.key

        workflow = self.workflow

        step = self.step

        title = self.title

        approval = self.approval

        skill = self.skill

        roles = self.roles

        needed = self.needed

        assignee = self.assignee

        status = self.status.value

        opened_at = self.opened_at.isoformat()

        deadline: None | str | Unset
        if isinstance(self.deadline, Unset):
            deadline = UNSET
        elif isinstance(self.deadline, datetime.datetime):
            deadline = self.deadline.isoformat()
        else:
            deadline = self.deadline

        reminded_at: None | str | Unset
        if isinstance(self.reminded_at, Unset):
            reminded_at = UNSET
        elif isinstance(self.reminded_at, datetime.datetime):
            reminded_at = self.reminded_at.isoformat()
        else:
            reminded_at = self.reminded_at

        escalated_at: None | str | Unset
        if isinstance(self.escalated_at, Unset):
            escalated_at = UNSET
        elif isinstance(self.escalated_at, datetime.datetime):
            escalated_at = self.escalated_at.isoformat()
        else:
            escalated_at = self.escalated_at

        closed_at: None | str | Unset
        if isinstance(self.closed_at, Unset):
            closed_at = UNSET
        elif isinstance(self.closed_at, datetime.datetime):
            closed_at = self.closed_at.isoformat()
        else:
            closed_at = self.closed_at

        close_reason = self.close_reason

        votes: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.votes, Unset):
            votes = []
            for votes_item_data in self.votes:
                votes_item = votes_item_data.to_dict()
                votes.append(votes_item)

        version = self.version

        skill_level = self.skill_level

        urgent = self.urgent

        reassign_at: None | str | Unset
        if isinstance(self.reassign_at, Unset):
            reassign_at = UNSET
        elif isinstance(self.reassign_at, datetime.datetime):
            reassign_at = self.reassign_at.isoformat()
        else:
            reassign_at = self.reassign_at

        considered: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.considered, Unset):
            considered = []
            for considered_item_data in self.considered:
                considered_item = considered_item_data.to_dict()
                considered.append(considered_item)

        answers = self.answers

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "shop": shop,
                "task_id": task_id,
                "run_id": run_id,
                "key": key,
                "workflow": workflow,
                "step": step,
                "title": title,
                "approval": approval,
                "skill": skill,
                "roles": roles,
                "needed": needed,
                "assignee": assignee,
                "status": status,
                "opened_at": opened_at,
            }
        )
        if deadline is not UNSET:
            field_dict["deadline"] = deadline
        if reminded_at is not UNSET:
            field_dict["reminded_at"] = reminded_at
        if escalated_at is not UNSET:
            field_dict["escalated_at"] = escalated_at
        if closed_at is not UNSET:
            field_dict["closed_at"] = closed_at
        if close_reason is not UNSET:
            field_dict["close_reason"] = close_reason
        if votes is not UNSET:
            field_dict["votes"] = votes
        if version is not UNSET:
            field_dict["version"] = version
        if skill_level is not UNSET:
            field_dict["skill_level"] = skill_level
        if urgent is not UNSET:
            field_dict["urgent"] = urgent
        if reassign_at is not UNSET:
            field_dict["reassign_at"] = reassign_at
        if considered is not UNSET:
            field_dict["considered"] = considered
        if answers is not UNSET:
            field_dict["answers"] = answers

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.considered import Considered
        from ..models.vote import Vote

        d = dict(src_dict)
        shop = d.pop("shop")

        task_id = d.pop("task_id")

        run_id = d.pop("run_id")

        key = d.pop("key")

        workflow = d.pop("workflow")

        step = d.pop("step")

        title = d.pop("title")

        approval = d.pop("approval")

        skill = d.pop("skill")

        roles = cast(list[str], d.pop("roles"))

        needed = d.pop("needed")

        assignee = d.pop("assignee")

        status = ShownTaskStatus(d.pop("status"))

        opened_at = datetime.datetime.fromisoformat(d.pop("opened_at"))

        def _parse_deadline(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                deadline_type_0 = datetime.datetime.fromisoformat(data)

                return deadline_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        deadline = _parse_deadline(d.pop("deadline", UNSET))

        def _parse_reminded_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                reminded_at_type_0 = datetime.datetime.fromisoformat(data)

                return reminded_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        reminded_at = _parse_reminded_at(d.pop("reminded_at", UNSET))

        def _parse_escalated_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                escalated_at_type_0 = datetime.datetime.fromisoformat(data)

                return escalated_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        escalated_at = _parse_escalated_at(d.pop("escalated_at", UNSET))

        def _parse_closed_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                closed_at_type_0 = datetime.datetime.fromisoformat(data)

                return closed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        closed_at = _parse_closed_at(d.pop("closed_at", UNSET))

        close_reason = d.pop("close_reason", UNSET)

        _votes = d.pop("votes", UNSET)
        votes: list[Vote] | Unset = UNSET
        if _votes is not UNSET:
            votes = []
            for votes_item_data in _votes:
                votes_item = Vote.from_dict(votes_item_data)

                votes.append(votes_item)

        version = d.pop("version", UNSET)

        skill_level = d.pop("skill_level", UNSET)

        urgent = d.pop("urgent", UNSET)

        def _parse_reassign_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                reassign_at_type_0 = datetime.datetime.fromisoformat(data)

                return reassign_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        reassign_at = _parse_reassign_at(d.pop("reassign_at", UNSET))

        _considered = d.pop("considered", UNSET)
        considered: list[Considered] | Unset = UNSET
        if _considered is not UNSET:
            considered = []
            for considered_item_data in _considered:
                considered_item = Considered.from_dict(considered_item_data)

                considered.append(considered_item)

        answers = d.pop("answers", UNSET)

        shown_task = cls(
            shop=shop,
            task_id=task_id,
            run_id=run_id,
            key=key,
            workflow=workflow,
            step=step,
            title=title,
            approval=approval,
            skill=skill,
            roles=roles,
            needed=needed,
            assignee=assignee,
            status=status,
            opened_at=opened_at,
            deadline=deadline,
            reminded_at=reminded_at,
            escalated_at=escalated_at,
            closed_at=closed_at,
            close_reason=close_reason,
            votes=votes,
            version=version,
            skill_level=skill_level,
            urgent=urgent,
            reassign_at=reassign_at,
            considered=considered,
            answers=answers,
        )

        shown_task.additional_properties = d
        return shown_task

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
