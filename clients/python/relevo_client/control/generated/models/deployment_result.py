from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="DeploymentResult")


@_attrs_define
class DeploymentResult:
    """What became of one workflow. `revision` is None where nothing was deployed: it was the same, or it drains.

    `moved` are runs that continue in the new version, `staying` those that could not be moved after all, `draining`
    those that have to end before the new version starts any.

        Attributes:
            workflow (str):
            shop (str):
            version (str):
            revision (int | None):
            moved (int | Unset):  Default: 0.
            staying (list[str] | Unset):
            draining (int | Unset):  Default: 0.
    """

    workflow: str
    shop: str
    version: str
    revision: int | None
    moved: int | Unset = 0
    staying: list[str] | Unset = UNSET
    draining: int | Unset = 0
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        workflow = self.workflow

        shop = self.shop

        version = self.version

        revision: int | None
        revision = self.revision

        moved = self.moved

        staying: list[str] | Unset = UNSET
        if not isinstance(self.staying, Unset):
            staying = self.staying

        draining = self.draining

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "workflow": workflow,
                "shop": shop,
                "version": version,
                "revision": revision,
            }
        )
        if moved is not UNSET:
            field_dict["moved"] = moved
        if staying is not UNSET:
            field_dict["staying"] = staying
        if draining is not UNSET:
            field_dict["draining"] = draining

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        workflow = d.pop("workflow")

        shop = d.pop("shop")

        version = d.pop("version")

        def _parse_revision(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        revision = _parse_revision(d.pop("revision"))

        moved = d.pop("moved", UNSET)

        staying = cast(list[str], d.pop("staying", UNSET))

        draining = d.pop("draining", UNSET)

        deployment_result = cls(
            workflow=workflow,
            shop=shop,
            version=version,
            revision=revision,
            moved=moved,
            staying=staying,
            draining=draining,
        )

        deployment_result.additional_properties = d
        return deployment_result

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
