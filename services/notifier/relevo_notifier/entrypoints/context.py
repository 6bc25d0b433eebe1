"""What surrounds the parts of the notifier, and how one of them runs for as long as the whole does."""

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from msgspec import Struct

from relevo_runtime.clock import Clock
from relevo_runtime.health import Health
from relevo_runtime.metrics import Metrics
from relevo_runtime.supervision import Supervised
from relevo_runtime.traces import NO_TRACES, Traces

OnFailure = Callable[[BaseException], None]


class ServiceContext(Struct, frozen=True):
    """What surrounds the notifier: the clock, and where it tells how it is. `on_failure` ends the service."""

    clock: Clock
    metrics: Metrics
    health: Health
    on_failure: OnFailure
    traces: Traces = NO_TRACES


async def in_background(
    stack: AsyncExitStack,
    name: str,
    running: Coroutine[Any, Any, None],
    finish: Callable[[], Coroutine[Any, Any, None]],
    context: ServiceContext,
) -> None:
    """Run `running` until the stack unwinds; then `finish` it, and cancel it. If it ends before, the service ends."""
    part = Supervised(name, running, health=context.health, on_failure=context.on_failure)
    stack.push_async_callback(part.stop, finish)
