from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Chained")


@_attrs_define
class Chained:
    """An entry in its place.

    Attributes:
        shop (str):
        at (datetime.datetime):
        actor (str):
        means (str):
        address (str):
        action (str):
        object_ (str):
        outcome (str):
        number (int):
        hash_ (str):
    """

    shop: str
    at: datetime.datetime
    actor: str
    means: str
    address: str
    action: str
    object_: str
    outcome: str
    number: int
    hash_: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        shop = self.shop

        at = self.at.isoformat()

        actor = self.actor

        means = self.means

        address = self.address

        action = self.action

        object_ = self.object_

        outcome = self.outcome

        number = self.number

        hash_ = self.hash_

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "shop": shop,
                "at": at,
                "actor": actor,
                "means": means,
                "address": address,
                "action": action,
                "object": object_,
                "outcome": outcome,
                "number": number,
                "hash": hash_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        shop = d.pop("shop")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        actor = d.pop("actor")

        means = d.pop("means")

        address = d.pop("address")

        action = d.pop("action")

        object_ = d.pop("object")

        outcome = d.pop("outcome")

        number = d.pop("number")

        hash_ = d.pop("hash")

        chained = cls(
            shop=shop,
            at=at,
            actor=actor,
            means=means,
            address=address,
            action=action,
            object_=object_,
            outcome=outcome,
            number=number,
            hash_=hash_,
        )

        chained.additional_properties = d
        return chained

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
