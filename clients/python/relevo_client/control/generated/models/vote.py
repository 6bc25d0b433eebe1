from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.vote_done import VoteDone
from ..types import UNSET, Unset

T = TypeVar("T", bound="Vote")


@_attrs_define
class Vote:
    """What one person said to a task.

    Attributes:
        by (str):
        done (VoteDone):
        at (datetime.datetime):
        role (str | Unset):  Default: ''.
        note (str | Unset):  Default: ''.
    """

    by: str
    done: VoteDone
    at: datetime.datetime
    role: str | Unset = ""
    note: str | Unset = ""
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        by = self.by

        done = self.done.value

        at = self.at.isoformat()

        role = self.role

        note = self.note

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "by": by,
                "done": done,
                "at": at,
            }
        )
        if role is not UNSET:
            field_dict["role"] = role
        if note is not UNSET:
            field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        by = d.pop("by")

        done = VoteDone(d.pop("done"))

        at = datetime.datetime.fromisoformat(d.pop("at"))

        role = d.pop("role", UNSET)

        note = d.pop("note", UNSET)

        vote = cls(
            by=by,
            done=done,
            at=at,
            role=role,
            note=note,
        )

        vote.additional_properties = d
        return vote

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
