from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="RunInProgress")


@_attrs_define
class RunInProgress:
    """A run that is on its way: where it rests and until when. `run`: see `labels`.

    Attributes:
        workflow (str):
        run_id (str):
        text (str):
        run (str | Unset):  Default: ''.
    """

    workflow: str
    run_id: str
    text: str
    run: str | Unset = ""
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        workflow = self.workflow

        run_id = self.run_id

        text = self.text

        run = self.run

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "workflow": workflow,
                "run_id": run_id,
                "text": text,
            }
        )
        if run is not UNSET:
            field_dict["run"] = run

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        workflow = d.pop("workflow")

        run_id = d.pop("run_id")

        text = d.pop("text")

        run = d.pop("run", UNSET)

        run_in_progress = cls(
            workflow=workflow,
            run_id=run_id,
            text=text,
            run=run,
        )

        run_in_progress.additional_properties = d
        return run_in_progress

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
