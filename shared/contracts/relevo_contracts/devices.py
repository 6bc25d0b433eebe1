"""The browsers of a person that take push messages: what was told last of each counts."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from relevo_contracts.parts import Instant

KEPT_DEVICES = 10
"""So many browsers of a person are known, those that were told of last."""


class Device(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A browser, with its keys (base64url); without them it takes no messages any more, since `at`."""

    p256dh: str = ""
    auth: str = ""
    at: Instant


def with_devices(known: Mapping[str, Device], told: Mapping[str, Device]) -> dict[str, Device]:
    """What is known by endpoint after it was told of some: the newest counts, and at one instant the no."""
    found = dict(known)
    for endpoint, device in told.items():
        mine = found.get(endpoint)
        if mine is None or _newness(mine) < _newness(device):
            found[endpoint] = device
    if len(found) <= KEPT_DEVICES:
        return found
    return dict(sorted(found.items(), key=lambda one: (one[1].at, one[0]))[-KEPT_DEVICES:])


def _newness(device: Device) -> tuple[datetime, bool, str, str]:
    return device.at, not device.p256dh, device.p256dh, device.auth
