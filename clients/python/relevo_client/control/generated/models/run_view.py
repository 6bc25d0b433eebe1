from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="RunView")


@_attrs_define
class RunView:
    """A run: of which workflow, for which customer (`key`), where it rests and how it ended.

    Attributes:
        shop (str):
        run_id (str):
        key (str):
        workflow (str):
        version (str):
        step (str):
        started_at (datetime.datetime):
        updated_at (datetime.datetime):
        ended_at (datetime.datetime | None):
        end_reason (None | str):
    """

    shop: str
    run_id: str
    key: str
    workflow: str
    version: str
    step: str
    started_at: datetime.datetime
    updated_at: datetime.datetime
    ended_at: datetime.datetime | None
    end_reason: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        shop = self.shop

        run_id = self.run_id

        key = self.key

        workflow = self.workflow

        version = self.version

        step = self.step

        started_at = self.started_at.isoformat()

        updated_at = self.updated_at.isoformat()

        ended_at: None | str
        if isinstance(self.ended_at, datetime.datetime):
            ended_at = self.ended_at.isoformat()
        else:
            ended_at = self.ended_at

        end_reason: None | str
        end_reason = self.end_reason

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "shop": shop,
                "run_id": run_id,
                "key": key,
                "workflow": workflow,
                "version": version,
                "step": step,
                "started_at": started_at,
                "updated_at": updated_at,
                "ended_at": ended_at,
                "end_reason": end_reason,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        shop = d.pop("shop")

        run_id = d.pop("run_id")

        key = d.pop("key")

        workflow = d.pop("workflow")

        version = d.pop("version")

        step = d.pop("step")

        started_at = datetime.datetime.fromisoformat(d.pop("started_at"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))

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

        def _parse_end_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        end_reason = _parse_end_reason(d.pop("end_reason"))

        run_view = cls(
            shop=shop,
            run_id=run_id,
            key=key,
            workflow=workflow,
            version=version,
            step=step,
            started_at=started_at,
            updated_at=updated_at,
            ended_at=ended_at,
            end_reason=end_reason,
        )

        run_view.additional_properties = d
        return run_view

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
