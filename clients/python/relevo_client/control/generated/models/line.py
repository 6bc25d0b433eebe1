from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Line")


@_attrs_define
class Line:
    """One thing that happened (or did not), and the conditions behind it. `run`: see `labels`.

    Attributes:
        at (datetime.datetime):
        workflow (str):
        what (str):
        text (str):
        run_id (str | Unset):  Default: ''.
        run (str | Unset):  Default: ''.
        conditions (list[str] | Unset):
    """

    at: datetime.datetime
    workflow: str
    what: str
    text: str
    run_id: str | Unset = ""
    run: str | Unset = ""
    conditions: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        workflow = self.workflow

        what = self.what

        text = self.text

        run_id = self.run_id

        run = self.run

        conditions: list[str] | Unset = UNSET
        if not isinstance(self.conditions, Unset):
            conditions = self.conditions

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "workflow": workflow,
                "what": what,
                "text": text,
            }
        )
        if run_id is not UNSET:
            field_dict["run_id"] = run_id
        if run is not UNSET:
            field_dict["run"] = run
        if conditions is not UNSET:
            field_dict["conditions"] = conditions

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        workflow = d.pop("workflow")

        what = d.pop("what")

        text = d.pop("text")

        run_id = d.pop("run_id", UNSET)

        run = d.pop("run", UNSET)

        conditions = cast(list[str], d.pop("conditions", UNSET))

        line = cls(
            at=at,
            workflow=workflow,
            what=what,
            text=text,
            run_id=run_id,
            run=run,
            conditions=conditions,
        )

        line.additional_properties = d
        return line

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
