from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="RunExample")


@_attrs_define
class RunExample:
    """A run in flight.

    Attributes:
        shop (str):
        run_id (str):
        key (str):
        step (str):
        version (str):
        trigger_type (str):
    """

    shop: str
    run_id: str
    key: str
    step: str
    version: str
    trigger_type: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        shop = self.shop

        run_id = self.run_id

        key = self.key

        step = self.step

        version = self.version

        trigger_type = self.trigger_type

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "shop": shop,
                "run_id": run_id,
                "key": key,
                "step": step,
                "version": version,
                "trigger_type": trigger_type,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        shop = d.pop("shop")

        run_id = d.pop("run_id")

        key = d.pop("key")

        step = d.pop("step")

        version = d.pop("version")

        trigger_type = d.pop("trigger_type")

        run_example = cls(
            shop=shop,
            run_id=run_id,
            key=key,
            step=step,
            version=version,
            trigger_type=trigger_type,
        )

        run_example.additional_properties = d
        return run_example

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
