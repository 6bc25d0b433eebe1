"""Which workflows of which shops ask for a system that their shop does not have."""

from collections.abc import Collection, Iterable

from msgspec import Struct

from relevo_runtime import catalog, systems
from relevo_runtime.catalog import EVERY_SHOP, Deployed
from relevo_runtime.postgres import Connection
from relevo_workflow import Definition, SystemStep


class Unserved(Struct, frozen=True, order=True):
    """A workflow that asks `port` of a shop where nothing serves it. `ends`: some step ends its runs then."""

    shop: str
    workflow: str
    port: str
    ends: bool = False


class ShopPorts(Struct, frozen=True):
    """The shops that are served here, and which ports their systems serve."""

    shops: list[str]
    served: frozenset[tuple[str, str]]


async def shop_ports(connection: Connection) -> ShopPorts:
    """Those of the catalog. A shop that is served elsewhere has its systems there."""
    shops = [one.shop for one in await catalog.shops(connection) if not one.held]
    return ShopPorts(shops, frozenset((one.shop, one.port) for one in await systems.systems(connection)))


def unserved(
    deployed: Iterable[tuple[str, Definition]], known: ShopPorts, own: Collection[tuple[str, str]]
) -> list[Unserved]:
    """What these versions (by the shop that each is deployed for) ask for in vain.

    `own` are the versions (shop, workflow) of one shop: there the version of every shop counts for nothing.
    """
    found: list[Unserved] = []
    for shop, definition in deployed:
        asked = _ports(definition)
        of_all = [one for one in known.shops if (one, definition.name) not in own]
        for name in of_all if shop == EVERY_SHOP else [shop]:
            missing = sorted(port for port in asked if (name, port) not in known.served)
            found += [Unserved(name, definition.name, port, asked[port]) for port in missing]
    return sorted(found)


def own_versions(active: Iterable[Deployed]) -> set[tuple[str, str]]:
    """The versions in service of one shop alone (shop, workflow)."""
    return {(one.shop, one.workflow) for one in active if one.shop != EVERY_SHOP}


def _ports(definition: Definition) -> dict[str, bool]:
    """The ports that a workflow asks, each with whether a failure there ends its runs."""
    steps = [one for one in definition.program.steps.values() if isinstance(one, SystemStep)]
    ports = sorted({step.operation.partition(".")[0] for step in steps})
    return {port: any(one.stop_on_error for one in steps if one.operation.startswith(f"{port}.")) for port in ports}
