from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.import_view_reasons import ImportViewReasons


T = TypeVar("T", bound="ImportView")


@_attrs_define
class ImportView:
    """How far the import of a file has come; `reasons` say why rows were rejected, and how many.

    Attributes:
        shop (str):
        kind (str):
        path (str):
        digest (str):
        records (int):
        imported (int):
        events (int):
        reasons (ImportViewReasons):
        began_at (datetime.datetime):
        moved_at (datetime.datetime):
        ended_at (datetime.datetime | None):
    """

    shop: str
    kind: str
    path: str
    digest: str
    records: int
    imported: int
    events: int
    reasons: ImportViewReasons
    began_at: datetime.datetime
    moved_at: datetime.datetime
    ended_at: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        shop = self.shop

        kind = self.kind

        path = self.path

        digest = self.digest

        records = self.records

        imported = self.imported

        events = self.events

        reasons = self.reasons.to_dict()

        began_at = self.began_at.isoformat()

        moved_at = self.moved_at.isoformat()

        ended_at: None | str
        if isinstance(self.ended_at, datetime.datetime):
            ended_at = self.ended_at.isoformat()
        else:
            ended_at = self.ended_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "shop": shop,
                "kind": kind,
                "path": path,
                "digest": digest,
                "records": records,
                "imported": imported,
                "events": events,
                "reasons": reasons,
                "began_at": began_at,
                "moved_at": moved_at,
                "ended_at": ended_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.import_view_reasons import ImportViewReasons

        d = dict(src_dict)
        shop = d.pop("shop")

        kind = d.pop("kind")

        path = d.pop("path")

        digest = d.pop("digest")

        records = d.pop("records")

        imported = d.pop("imported")

        events = d.pop("events")

        reasons = ImportViewReasons.from_dict(d.pop("reasons"))

        began_at = datetime.datetime.fromisoformat(d.pop("began_at"))

        moved_at = datetime.datetime.fromisoformat(d.pop("moved_at"))

        def _parse_ended_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ended_at_type_0 = datetime.datetime.fromisoformat(data)

                return ended_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        ended_at = _parse_ended_at(d.pop("ended_at"))

        import_view = cls(
            shop=shop,
            kind=kind,
            path=path,
            digest=digest,
            records=records,
            imported=imported,
            events=events,
            reasons=reasons,
            began_at=began_at,
            moved_at=moved_at,
            ended_at=ended_at,
        )

        import_view.additional_properties = d
        return import_view

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
