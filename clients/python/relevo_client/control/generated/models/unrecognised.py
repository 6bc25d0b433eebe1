from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.unrecognised_kind import UnrecognisedKind
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.unrecognised_body_type_0 import UnrecognisedBodyType0
    from ..models.unrecognised_headers import UnrecognisedHeaders


T = TypeVar("T", bound="Unrecognised")


@_attrs_define
class Unrecognised:
    """A genuine message that has no canonical event: kept with the reason, with personal secrets removed.

    It holds what a later reading needs: `id` and `receivedtime` are those of the delivery, `headers` what the sender
    said beside the body (names in lower case). `where` is the path of what could not be read. `body` is the JSON value,
    or, if `is_text`, the body's text, which is not JSON; of one that is `cut` only the beginning is kept.

        Attributes:
            id (str):
            shop (str):
            platform (str):
            topic (str):
            reason (str):
            receivedtime (datetime.datetime):
            body (list[Any] | str | UnrecognisedBodyType0 | Unset):
            kind (UnrecognisedKind | Unset):  Default: UnrecognisedKind.NO_EVENT.
            where (str | Unset):  Default: ''.
            headers (UnrecognisedHeaders | Unset):
            is_text (bool | Unset):  Default: False.
            cut (bool | Unset):  Default: False.
    """

    id: str
    shop: str
    platform: str
    topic: str
    reason: str
    receivedtime: datetime.datetime
    body: list[Any] | str | UnrecognisedBodyType0 | Unset = UNSET
    kind: UnrecognisedKind | Unset = UnrecognisedKind.NO_EVENT
    where: str | Unset = ""
    headers: UnrecognisedHeaders | Unset = UNSET
    is_text: bool | Unset = False
    cut: bool | Unset = False
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.unrecognised_body_type_0 import UnrecognisedBodyType0

        id = self.id

        shop = self.shop

        platform = self.platform

        topic = self.topic

        reason = self.reason

        receivedtime = self.receivedtime.isoformat()

        body: dict[str, Any] | list[Any] | str | Unset
        if isinstance(self.body, Unset):
            body = UNSET
        elif isinstance(self.body, UnrecognisedBodyType0):
            body = self.body.to_dict()
        elif isinstance(self.body, list):
            body = self.body

        else:
            body = self.body

        kind: str | Unset = UNSET
        if not isinstance(self.kind, Unset):
            kind = self.kind.value

        where = self.where

        headers: dict[str, Any] | Unset = UNSET
        if not isinstance(self.headers, Unset):
            headers = self.headers.to_dict()

        is_text = self.is_text

        cut = self.cut

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "shop": shop,
                "platform": platform,
                "topic": topic,
                "reason": reason,
                "receivedtime": receivedtime,
            }
        )
        if body is not UNSET:
            field_dict["body"] = body
        if kind is not UNSET:
            field_dict["kind"] = kind
        if where is not UNSET:
            field_dict["where"] = where
        if headers is not UNSET:
            field_dict["headers"] = headers
        if is_text is not UNSET:
            field_dict["is_text"] = is_text
        if cut is not UNSET:
            field_dict["cut"] = cut

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.unrecognised_body_type_0 import UnrecognisedBodyType0
        from ..models.unrecognised_headers import UnrecognisedHeaders

        d = dict(src_dict)
        id = d.pop("id")

        shop = d.pop("shop")

        platform = d.pop("platform")

        topic = d.pop("topic")

        reason = d.pop("reason")

        receivedtime = datetime.datetime.fromisoformat(d.pop("receivedtime"))

        def _parse_body(
            data: object,
        ) -> list[Any] | str | UnrecognisedBodyType0 | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                body_type_0 = UnrecognisedBodyType0.from_dict(data)

                return body_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, list):
                    raise TypeError()
                body_type_1 = cast(list[Any], data)

                return body_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Any] | str | UnrecognisedBodyType0 | Unset, data)

        body = _parse_body(d.pop("body", UNSET))

        _kind = d.pop("kind", UNSET)
        kind: UnrecognisedKind | Unset
        if isinstance(_kind, Unset):
            kind = UNSET
        else:
            kind = UnrecognisedKind(_kind)

        where = d.pop("where", UNSET)

        _headers = d.pop("headers", UNSET)
        headers: UnrecognisedHeaders | Unset
        if isinstance(_headers, Unset):
            headers = UNSET
        else:
            headers = UnrecognisedHeaders.from_dict(_headers)

        is_text = d.pop("is_text", UNSET)

        cut = d.pop("cut", UNSET)

        unrecognised = cls(
            id=id,
            shop=shop,
            platform=platform,
            topic=topic,
            reason=reason,
            receivedtime=receivedtime,
            body=body,
            kind=kind,
            where=where,
            headers=headers,
            is_text=is_text,
            cut=cut,
        )

        unrecognised.additional_properties = d
        return unrecognised

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
