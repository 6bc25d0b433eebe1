from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Consent")


@_attrs_define
class Consent:
    """One statement about consent, with its proof: where it was asked, in which words, and how it was confirmed.

    Attributes:
        channel (str):
        purpose (str):
        address (str):
        state (str):
        at (datetime.datetime):
        source (str):
        wording (str):
        form_url (str):
        list_id (str):
        ip_hash (str):
        double_opt_in (bool):
        form (str):
        wording_version (str):
        requested_at (datetime.datetime | None):
    """

    channel: str
    purpose: str
    address: str
    state: str
    at: datetime.datetime
    source: str
    wording: str
    form_url: str
    list_id: str
    ip_hash: str
    double_opt_in: bool
    form: str
    wording_version: str
    requested_at: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        channel = self.channel

        purpose = self.purpose

        address = self.address

        state = self.state

        at = self.at.isoformat()

        source = self.source

        wording = self.wording

        form_url = self.form_url

        list_id = self.list_id

        ip_hash = self.ip_hash

        double_opt_in = self.double_opt_in

        form = self.form

        wording_version = self.wording_version

        requested_at: None | str
        if isinstance(self.requested_at, datetime.datetime):
            requested_at = self.requested_at.isoformat()
        else:
            requested_at = self.requested_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "channel": channel,
                "purpose": purpose,
                "address": address,
                "state": state,
                "at": at,
                "source": source,
                "wording": wording,
                "form_url": form_url,
                "list_id": list_id,
                "ip_hash": ip_hash,
                "double_opt_in": double_opt_in,
                "form": form,
                "wording_version": wording_version,
                "requested_at": requested_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        channel = d.pop("channel")

        purpose = d.pop("purpose")

        address = d.pop("address")

        state = d.pop("state")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        source = d.pop("source")

        wording = d.pop("wording")

        form_url = d.pop("form_url")

        list_id = d.pop("list_id")

        ip_hash = d.pop("ip_hash")

        double_opt_in = d.pop("double_opt_in")

        form = d.pop("form")

        wording_version = d.pop("wording_version")

        def _parse_requested_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                requested_at_type_0 = datetime.datetime.fromisoformat(data)

                return requested_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        requested_at = _parse_requested_at(d.pop("requested_at"))

        consent = cls(
            channel=channel,
            purpose=purpose,
            address=address,
            state=state,
            at=at,
            source=source,
            wording=wording,
            form_url=form_url,
            list_id=list_id,
            ip_hash=ip_hash,
            double_opt_in=double_opt_in,
            form=form,
            wording_version=wording_version,
            requested_at=requested_at,
        )

        consent.additional_properties = d
        return consent

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
