from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.event_change_state import EventChangeState
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.event_change_schema import EventChangeSchema


T = TypeVar("T", bound="EventChange")


@_attrs_define
class EventChange:
    """What declaring one event changes. `objection` says what would break, and what to do; empty if nothing would.

    Attributes:
        name (str):
        shop (str):
        state (EventChangeState):
        schema (EventChangeSchema):
        objection (str | Unset):  Default: ''.
    """

    name: str
    shop: str
    state: EventChangeState
    schema: EventChangeSchema
    objection: str | Unset = ""
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        shop = self.shop

        state = self.state.value

        schema = self.schema.to_dict()

        objection = self.objection

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "shop": shop,
                "state": state,
                "schema": schema,
            }
        )
        if objection is not UNSET:
            field_dict["objection"] = objection

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.event_change_schema import EventChangeSchema

        d = dict(src_dict)
        name = d.pop("name")

        shop = d.pop("shop")

        state = EventChangeState(d.pop("state"))

        schema = EventChangeSchema.from_dict(d.pop("schema"))

        objection = d.pop("objection", UNSET)

        event_change = cls(
            name=name,
            shop=shop,
            state=state,
            schema=schema,
            objection=objection,
        )

        event_change.additional_properties = d
        return event_change

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
