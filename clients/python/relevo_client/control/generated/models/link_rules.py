from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.link_rules_consent import LinkRulesConsent
from ..models.link_rules_tracking import LinkRulesTracking
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.link_rules_utm_type_0 import LinkRulesUtmType0


T = TypeVar("T", bound="LinkRules")


@_attrs_define
class LinkRules:
    """What a shop has decided.

    `consent`: `assumed` follows whom nobody heard object, `required` those alone who agreed (the topic `tracking`).
    Transactional messages and SMS are followed only if the shop says so. `utm` is what stands in the campaign
    parameters in the place of what the workflow gives, by name without `utm_`; `None`: links get none. `hosts` get
    them too, beside the shop's own.

        Attributes:
            tracking (LinkRulesTracking | Unset):  Default: LinkRulesTracking.CLICKS.
            consent (LinkRulesConsent | Unset):  Default: LinkRulesConsent.ASSUMED.
            transactional (bool | Unset):  Default: False.
            sms (bool | Unset):  Default: False.
            utm (LinkRulesUtmType0 | None | Unset):
            hosts (list[str] | Unset):
    """

    tracking: LinkRulesTracking | Unset = LinkRulesTracking.CLICKS
    consent: LinkRulesConsent | Unset = LinkRulesConsent.ASSUMED
    transactional: bool | Unset = False
    sms: bool | Unset = False
    utm: LinkRulesUtmType0 | None | Unset = UNSET
    hosts: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.link_rules_utm_type_0 import LinkRulesUtmType0

        tracking: str | Unset = UNSET
        if not isinstance(self.tracking, Unset):
            tracking = self.tracking.value

        consent: str | Unset = UNSET
        if not isinstance(self.consent, Unset):
            consent = self.consent.value

        transactional = self.transactional

        sms = self.sms

        utm: dict[str, Any] | None | Unset
        if isinstance(self.utm, Unset):
            utm = UNSET
        elif isinstance(self.utm, LinkRulesUtmType0):
            utm = self.utm.to_dict()
        else:
            utm = self.utm

        hosts: list[str] | Unset = UNSET
        if not isinstance(self.hosts, Unset):
            hosts = self.hosts

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if tracking is not UNSET:
            field_dict["tracking"] = tracking
        if consent is not UNSET:
            field_dict["consent"] = consent
        if transactional is not UNSET:
            field_dict["transactional"] = transactional
        if sms is not UNSET:
            field_dict["sms"] = sms
        if utm is not UNSET:
            field_dict["utm"] = utm
        if hosts is not UNSET:
            field_dict["hosts"] = hosts

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.link_rules_utm_type_0 import LinkRulesUtmType0

        d = dict(src_dict)
        _tracking = d.pop("tracking", UNSET)
        tracking: LinkRulesTracking | Unset
        if isinstance(_tracking, Unset):
            tracking = UNSET
        else:
            tracking = LinkRulesTracking(_tracking)

        _consent = d.pop("consent", UNSET)
        consent: LinkRulesConsent | Unset
        if isinstance(_consent, Unset):
            consent = UNSET
        else:
            consent = LinkRulesConsent(_consent)

        transactional = d.pop("transactional", UNSET)

        sms = d.pop("sms", UNSET)

        def _parse_utm(data: object) -> LinkRulesUtmType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                utm_type_0 = LinkRulesUtmType0.from_dict(data)

                return utm_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(LinkRulesUtmType0 | None | Unset, data)

        utm = _parse_utm(d.pop("utm", UNSET))

        hosts = cast(list[str], d.pop("hosts", UNSET))

        link_rules = cls(
            tracking=tracking,
            consent=consent,
            transactional=transactional,
            sms=sms,
            utm=utm,
            hosts=hosts,
        )

        link_rules.additional_properties = d
        return link_rules

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
