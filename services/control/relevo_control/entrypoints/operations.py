"""Every operation of the API: the table that routes, permissions, the OpenAPI document and the tests are made from."""

from relevo_control.entrypoints import account_operations, message_operations, shop_operations, workflow_operations
from relevo_control.entrypoints.calls import Operation

OPERATIONS: tuple[Operation, ...] = (
    *workflow_operations.OPERATIONS,
    *shop_operations.OPERATIONS,
    *message_operations.OPERATIONS,
    *account_operations.OPERATIONS,
)
