"""The ports by which workflows use other systems: a module a port, whose operations have typed input and answers.

A system that serves a port is a folder of the notifier (docs/add-an-adapter.md). Tested in
`tests/contracts/test_systems.py`.
"""

from collections.abc import Mapping

from relevo_contracts.systems import accounting, carrier, crm, erp, helpdesk, pim
from relevo_contracts.systems.operation import Operation

OPERATIONS: Mapping[str, Operation] = {
    one.name: one
    for one in (
        *helpdesk.OPERATIONS,
        *crm.OPERATIONS,
        *carrier.OPERATIONS,
        *accounting.OPERATIONS,
        *erp.OPERATIONS,
        *pim.OPERATIONS,
    )
}
"""Every operation by its name, in the order of the reference."""

PORTS: tuple[str, ...] = tuple(dict.fromkeys(one.port for one in OPERATIONS.values()))
"""Every kind of system."""

__all__ = ["OPERATIONS", "PORTS", "Operation"]
