from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.task_done_done import TaskDoneDone
from ..models.task_done_type import TaskDoneType
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.task_done_data import TaskDoneData


T = TypeVar("T", bound="TaskDone")


@_attrs_define
class TaskDone:
    """Someone of the staff completed, approved or rejected the task that the effect `task_id` opened.

    Attributes:
        type_ (TaskDoneType):
        id (str):
        shop (str):
        key (str):
        run_id (str):
        task_id (str):
        at (datetime.datetime):
        done (TaskDoneDone):
        by (str):
        role (str | Unset):  Default: ''.
        note (str | Unset):  Default: ''.
        data (TaskDoneData | Unset):
    """

    type_: TaskDoneType
    id: str
    shop: str
    key: str
    run_id: str
    task_id: str
    at: datetime.datetime
    done: TaskDoneDone
    by: str
    role: str | Unset = ""
    note: str | Unset = ""
    data: TaskDoneData | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_.value

        id = self.id

        shop = self.shop

        key = self.key

        run_id = self.run_id

        task_id = self.task_id

        at = self.at.isoformat()

        done = self.done.value

        by = self.by

        role = self.role

        note = self.note

        data: dict[str, Any] | Unset = UNSET
        if not isinstance(self.data, Unset):
            data = self.data.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
                "id": id,
                "shop": shop,
                "key": key,
                "run_id": run_id,
                "task_id": task_id,
                "at": at,
                "done": done,
                "by": by,
            }
        )
        if role is not UNSET:
            field_dict["role"] = role
        if note is not UNSET:
            field_dict["note"] = note
        if data is not UNSET:
            field_dict["data"] = data

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.task_done_data import TaskDoneData

        d = dict(src_dict)
        type_ = TaskDoneType(d.pop("type"))

        id = d.pop("id")

        shop = d.pop("shop")

        key = d.pop("key")

        run_id = d.pop("run_id")

        task_id = d.pop("task_id")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        done = TaskDoneDone(d.pop("done"))

        by = d.pop("by")

        role = d.pop("role", UNSET)

        note = d.pop("note", UNSET)

        _data = d.pop("data", UNSET)
        data: TaskDoneData | Unset
        if isinstance(_data, Unset):
            data = UNSET
        else:
            data = TaskDoneData.from_dict(_data)

        task_done = cls(
            type_=type_,
            id=id,
            shop=shop,
            key=key,
            run_id=run_id,
            task_id=task_id,
            at=at,
            done=done,
            by=by,
            role=role,
            note=note,
            data=data,
        )

        task_done.additional_properties = d
        return task_done

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
