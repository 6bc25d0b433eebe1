from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.unrecognised import Unrecognised


T = TypeVar("T", bound="Kept")


@_attrs_define
class Kept:
    """A message, and whether it made its events by being read again.

    Attributes:
        message (Unrecognised): A genuine message that has no canonical event: kept with the reason, with personal
            secrets removed.

            It holds what a later reading needs: `id` and `receivedtime` are those of the delivery, `headers` what the
            sender
            said beside the body (names in lower case). `where` is the path of what could not be read. `body` is the JSON
            value,
            or, if `is_text`, the body's text, which is not JSON; of one that is `cut` only the beginning is kept.
        redriven (bool):
    """

    message: Unrecognised
    redriven: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        message = self.message.to_dict()

        redriven = self.redriven

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "message": message,
                "redriven": redriven,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.unrecognised import Unrecognised

        d = dict(src_dict)
        message = Unrecognised.from_dict(d.pop("message"))

        redriven = d.pop("redriven")

        kept = cls(
            message=message,
            redriven=redriven,
        )

        kept.additional_properties = d
        return kept

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
