"""Every system, one line each."""

from collections.abc import Mapping

from relevo_notifier.core.systems import System
from relevo_notifier.systems.akeneo.system import AKENEO
from relevo_notifier.systems.hubspot.system import HUBSPOT
from relevo_notifier.systems.odoo.system import ODOO
from relevo_notifier.systems.shippo.system import SHIPPO
from relevo_notifier.systems.xero.system import XERO
from relevo_notifier.systems.zendesk.system import ZENDESK

SYSTEMS: Mapping[str, System] = {one.name: one for one in (ZENDESK, HUBSPOT, SHIPPO, XERO, ODOO, AKENEO)}
"""By name."""


def serving(port: str) -> list[str]:
    """The names of the systems that serve a port."""
    return [one.name for one in SYSTEMS.values() if one.port == port]
