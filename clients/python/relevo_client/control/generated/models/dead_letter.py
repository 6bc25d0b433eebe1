from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="DeadLetter")


@_attrs_define
class DeadLetter:
    """A message that could not be processed, with its origin: enough to look at it and to send it again.

    Attributes:
        id (str):
        service (str):
        topic (str):
        partition (int):
        offset (int):
        reason (str):
        at (datetime.datetime):
        key (str | Unset):  Default: ''.
        value (str | Unset):  Default: ''.
    """

    id: str
    service: str
    topic: str
    partition: int
    offset: int
    reason: str
    at: datetime.datetime
    key: str | Unset = ""
    value: str | Unset = ""
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        service = self.service

        topic = self.topic

        partition = self.partition

        offset = self.offset

        reason = self.reason

        at = self.at.isoformat()

        key = self.key

        value = self.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "service": service,
                "topic": topic,
                "partition": partition,
                "offset": offset,
                "reason": reason,
                "at": at,
            }
        )
        if key is not UNSET:
            field_dict["key"] = key
        if value is not UNSET:
            field_dict["value"] = value

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        id = d.pop("id")

        service = d.pop("service")

        topic = d.pop("topic")

        partition = d.pop("partition")

        offset = d.pop("offset")

        reason = d.pop("reason")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        key = d.pop("key", UNSET)

        value = d.pop("value", UNSET)

        dead_letter = cls(
            id=id,
            service=service,
            topic=topic,
            partition=partition,
            offset=offset,
            reason=reason,
            at=at,
            key=key,
            value=value,
        )

        dead_letter.additional_properties = d
        return dead_letter

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
