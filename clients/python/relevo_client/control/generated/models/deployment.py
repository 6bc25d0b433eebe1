from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Deployment")


@_attrs_define
class Deployment:
    """A deployment as it is shown: without its files.

    Attributes:
        revision (int):
        version (str):
        shop (str):
        active (bool):
        deployed_at (datetime.datetime | None):
        author (str):
        reviewer (str):
        approver (str):
        in_flight (str):
        note (str):
        retired_at (datetime.datetime | None):
        retired_by (str):
        retired_note (str):
    """

    revision: int
    version: str
    shop: str
    active: bool
    deployed_at: datetime.datetime | None
    author: str
    reviewer: str
    approver: str
    in_flight: str
    note: str
    retired_at: datetime.datetime | None
    retired_by: str
    retired_note: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        revision = self.revision

        version = self.version

        shop = self.shop

        active = self.active

        deployed_at: None | str
        if isinstance(self.deployed_at, datetime.datetime):
            deployed_at = self.deployed_at.isoformat()
        else:
            deployed_at = self.deployed_at

        author = self.author

        reviewer = self.reviewer

        approver = self.approver

        in_flight = self.in_flight

        note = self.note

        retired_at: None | str
        if isinstance(self.retired_at, datetime.datetime):
            retired_at = self.retired_at.isoformat()
        else:
            retired_at = self.retired_at

        retired_by = self.retired_by

        retired_note = self.retired_note

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "revision": revision,
                "version": version,
                "shop": shop,
                "active": active,
                "deployed_at": deployed_at,
                "author": author,
                "reviewer": reviewer,
                "approver": approver,
                "in_flight": in_flight,
                "note": note,
                "retired_at": retired_at,
                "retired_by": retired_by,
                "retired_note": retired_note,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        revision = d.pop("revision")

        version = d.pop("version")

        shop = d.pop("shop")

        active = d.pop("active")

        def _parse_deployed_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                deployed_at_type_0 = datetime.datetime.fromisoformat(data)

                return deployed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        deployed_at = _parse_deployed_at(d.pop("deployed_at"))

        author = d.pop("author")

        reviewer = d.pop("reviewer")

        approver = d.pop("approver")

        in_flight = d.pop("in_flight")

        note = d.pop("note")

        def _parse_retired_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                retired_at_type_0 = datetime.datetime.fromisoformat(data)

                return retired_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        retired_at = _parse_retired_at(d.pop("retired_at"))

        retired_by = d.pop("retired_by")

        retired_note = d.pop("retired_note")

        deployment = cls(
            revision=revision,
            version=version,
            shop=shop,
            active=active,
            deployed_at=deployed_at,
            author=author,
            reviewer=reviewer,
            approver=approver,
            in_flight=in_flight,
            note=note,
            retired_at=retired_at,
            retired_by=retired_by,
            retired_note=retired_note,
        )

        deployment.additional_properties = d
        return deployment

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
