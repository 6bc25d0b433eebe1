"""What surrounds every service: signals, logs, the admin endpoints, a graceful stop."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

import uvloop

from relevo_runtime.clock import SystemClock, make_clock
from relevo_runtime.error_reports import open_error_reports
from relevo_runtime.errors import RuntimeFault, described
from relevo_runtime.health import Health
from relevo_runtime.http import admin_app, serve
from relevo_runtime.http_limits import Limits
from relevo_runtime.loops import Loop
from relevo_runtime.metrics import Metrics
from relevo_runtime.outages import LOOK_SECONDS, Outages
from relevo_runtime.postgres import advice
from relevo_runtime.repeats import Repeats
from relevo_runtime.settings import RuntimeSettings
from relevo_runtime.supervision import PartEnded, Supervised
from relevo_runtime.telemetry import configure_logging
from relevo_runtime.traces import open_traces

__all__ = ["Build", "Loop", "Service", "run", "run_service"]

_log = logging.getLogger(__name__)
_ALLOCATIONS = 100_000  # between two looks of the garbage collector: a batch makes as many that die with it
_PARENT_PAUSE = 0.5
_EXTRA_SECONDS = 3.0
_ADMIN = Limits(connections=64)


class StopTimeout(RuntimeFault):
    """A service was cut off because it took too long to stop; what was not committed comes again."""

    def __init__(self, service: str, seconds: float) -> None:
        super().__init__(f"{service} did not stop in {seconds:.0f} s and was cut off")


class Service:
    """What a service's parts share. `stopping` is set when it has to stop; parts then finish what they are doing."""

    def __init__(self, name: str, settings: RuntimeSettings) -> None:
        self.name = name
        self.clock = make_clock(settings)
        self.health = Health()
        self.metrics = Metrics(name)
        self.errors = open_error_reports(settings, name, self.metrics)
        self.traces = open_traces(settings, name, self.metrics)
        self.stopping = asyncio.Event()
        self.started = False
        self.ended = threading.Event()
        self.failure: BaseException | None = None

    def stop(self) -> None:
        """Begin to stop."""
        self.stopping.set()

    def fail(self, error: BaseException) -> None:
        """Stop because of `error`; the process exits with 1. Fits `BatchConsumer(on_failure=…)`."""
        if self.failure is None:
            self.failure = error
            self.health.set("service", False, f"it stops: {described(error)}")
            cause = error.__cause__ if isinstance(error, PartEnded) else None
            advised = advice(cause or error)
            _log.critical("%s stops: %s%s", self.name, described(error), advised, exc_info=cause)
            if cause is None:
                self.errors.report(error)
        self.stop()

    def loop(
        self,
        name: str,
        run_once: Callable[[datetime], Awaitable[datetime | None]],
        *,
        longest_pause: float = 1.0,
        gather: float = 0.0,
    ) -> Loop:
        """A loop with this service's clock, health and metrics."""
        return Loop(
            name,
            run_once,
            clock=self.clock,
            health=self.health,
            metrics=self.metrics,
            longest_pause=longest_pause,
            gather=gather,
        )

    @contextlib.asynccontextmanager
    async def running(self, *loops: Loop) -> AsyncIterator[None]:
        """Run `loops` while the block runs; at its end each finishes its turn."""
        ended = asyncio.Event()
        tasks = [self.supervised(loop.name, loop.run(ended)) for loop in loops]
        try:
            yield
        finally:
            for task in tasks:
                task.expect_end()
            ended.set()
            for task in tasks:
                await task.wait()

    def supervised(self, name: str, running: Coroutine[Any, Any, object]) -> Supervised:
        """A background task of this service: however it ends before it is stopped, the service ends."""
        return Supervised(name, running, health=self.health, on_failure=self.fail)


Build = Callable[[Service], AbstractAsyncContextManager[None]]
"""Starts a service's parts when it is entered and stops them, in reverse, when it is left."""


def run(name: str, settings: RuntimeSettings, build: Build) -> int:
    """`run_service` in an event loop of its own; returns the exit code of the process."""
    gc.set_threshold(_ALLOCATIONS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run_service(name, settings, build, at_last=os._exit))


async def run_service(
    name: str, settings: RuntimeSettings, build: Build, *, at_last: Callable[[int], object] | None = None
) -> int:
    """Run a service until SIGTERM, SIGINT, the parent's death (if watched) or a failure; 0 unless it failed.

    Stopping is graceful within `stop_timeout`; a second signal, or taking longer, ends it at once. `at_last` ends the
    process if even that hangs.
    """
    repeats = configure_logging(settings, name)
    service = Service(name, settings)
    service.errors.attach()
    if settings.watch_parent:
        _watch_parent(settings.stop_timeout + 2 * _EXTRA_SECONDS)
    main = asyncio.current_task()
    stopper = asyncio.create_task(_stop_in_time(service, main, settings.stop_timeout + 2 * _EXTRA_SECONDS, at_last))
    with _signals(service):
        try:
            async with _admin(service, settings):
                await _until_stopped(service, settings, build, repeats)
        except asyncio.CancelledError:
            if not service.stopping.is_set():
                raise
        except RuntimeFault as error:
            service.fail(error)  # it says what is wrong and what to do: no traceback needed
        except Exception as error:  # noqa: BLE001 - the process ends here, with the reason in its log
            if not advice(error):
                _log.exception("%s ended", name)
            service.fail(error)
        finally:
            stopper.cancel()
            service.traces.close()
            service.errors.close()
            service.ended.set()
    _log.info("%s has stopped", name)
    return 1 if service.failure else 0


async def _stop_in_time(
    service: Service, main: "asyncio.Task[Any] | None", seconds: float, at_last: Callable[[int], object] | None
) -> None:
    """Once the service has to stop: end what has not even started, and see to it that stopping ends."""
    await service.stopping.wait()
    if at_last is not None:
        threading.Thread(target=_end_at_last, args=(service, seconds, at_last), name="end-at-last", daemon=True).start()
    if not service.started and main is not None:
        main.cancel()  # it may wait for a Kafka or a database that is away


def _end_at_last(service: Service, seconds: float, at_last: Callable[[int], object]) -> None:
    """In a thread: it must work even if the event loop hangs, or a task swallows every cancellation."""
    if not service.ended.wait(seconds):
        _log.critical("%s hangs while it stops and is ended", service.name)
        at_last(1)


async def _until_stopped(service: Service, settings: RuntimeSettings, build: Build, repeats: Repeats) -> None:
    outages = Outages(service.health, repeats, SystemClock())
    looking = service.loop("outages", outages.run_once, longest_pause=LOOK_SECONDS)
    limit = asyncio.timeout(None)
    service.health.set("service", False, "it is starting")
    try:
        async with limit, build(service), service.running(looking):
            service.started = True
            service.health.set("service", service.failure is None)
            gc.freeze()  # what is loaded by now stays: the collector need not walk through it again
            _log.info("%s is running", service.name)
            await service.stopping.wait()
            service.health.set("service", False, "it is stopping")
            limit.reschedule(asyncio.get_running_loop().time() + settings.stop_timeout + _EXTRA_SECONDS)
    except TimeoutError:
        if not limit.expired():
            raise
        service.fail(StopTimeout(service.name, settings.stop_timeout + _EXTRA_SECONDS))


@contextlib.asynccontextmanager
async def _admin(service: Service, settings: RuntimeSettings) -> AsyncIterator[None]:
    if not settings.admin_port:
        yield
        return
    app = admin_app(service.health, service.metrics)
    async with serve(app, settings.admin_host, settings.admin_port, stop_timeout=1, limits=_ADMIN):
        yield


@contextlib.contextmanager
def _signals(service: Service) -> Iterator[None]:
    """Take SIGTERM and SIGINT while the service runs."""
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        if service.stopping.is_set():
            _log.warning("%s ends at once: a second %s", service.name, number.name)
            os._exit(128 + number)
        _log.info("%s stops: %s", service.name, number.name)
        service.stop()

    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _watch_parent(patience: float) -> None:
    """Stop when the parent dies. In a thread: it must work even if the event loop hangs."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_PAUSE)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(patience)
        os._exit(1)

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()
