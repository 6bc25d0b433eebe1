from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

from ..models.decision_done import DecisionDone
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.decision_data import DecisionData


T = TypeVar("T", bound="Decision")


@_attrs_define
class Decision:
    """An answer to a task; who gives it is who is logged in.

    Attributes:
        done (DecisionDone):
        note (str | Unset):  Default: ''.
        data (DecisionData | Unset):
    """

    done: DecisionDone
    note: str | Unset = ""
    data: DecisionData | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        done = self.done.value

        note = self.note

        data: dict[str, Any] | Unset = UNSET
        if not isinstance(self.data, Unset):
            data = self.data.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "done": done,
            }
        )
        if note is not UNSET:
            field_dict["note"] = note
        if data is not UNSET:
            field_dict["data"] = data

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.decision_data import DecisionData

        d = dict(src_dict)
        done = DecisionDone(d.pop("done"))

        note = d.pop("note", UNSET)

        _data = d.pop("data", UNSET)
        data: DecisionData | Unset
        if isinstance(_data, Unset):
            data = UNSET
        else:
            data = DecisionData.from_dict(_data)

        decision = cls(
            done=done,
            note=note,
            data=data,
        )

        return decision
