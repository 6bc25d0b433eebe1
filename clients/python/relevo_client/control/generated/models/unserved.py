from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Unserved")


@_attrs_define
class Unserved:
    """A workflow that asks `port` of a shop where nothing serves it. `ends`: some step ends its runs then.

    Attributes:
        shop (str):
        workflow (str):
        port (str):
        ends (bool | Unset):  Default: False.
    """

    shop: str
    workflow: str
    port: str
    ends: bool | Unset = False
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        shop = self.shop

        workflow = self.workflow

        port = self.port

        ends = self.ends

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "shop": shop,
                "workflow": workflow,
                "port": port,
            }
        )
        if ends is not UNSET:
            field_dict["ends"] = ends

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        shop = d.pop("shop")

        workflow = d.pop("workflow")

        port = d.pop("port")

        ends = d.pop("ends", UNSET)

        unserved = cls(
            shop=shop,
            workflow=workflow,
            port=port,
            ends=ends,
        )

        unserved.additional_properties = d
        return unserved

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
