"""Logs: one JSON object a line, with the ids of what is being worked on, without secrets."""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import msgspec
import structlog

from relevo_runtime.health import Health
from relevo_runtime.metrics import Metrics
from relevo_runtime.repeats import Repeats
from relevo_runtime.settings import MASK, RuntimeSettings

__all__ = ["Health", "Metrics", "configure_logging", "log_context"]

_SECRET_NAME = re.compile(r"secret|token|password|passwd|authorization|api_?key|credential|cookie", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(\w+://[^:/@\s]*):[^@\s]*@")
_EVENT_ID = "_event"  # structlog keeps the message under "event" until it is rendered
_QUIET = ("aiokafka", "faststream", "httpx", "httpcore", "uvicorn", "asyncio")


def configure_logging(settings: RuntimeSettings, service: str, stream: TextIO | None = None) -> Repeats:
    """Send all logs, by structlog or by logging, to `stream` (default: standard error) in the settings' format.

    Returns what keeps lines back that come again and again.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _service_name(service),
        mask_secrets,
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(settings)],
        )
    )
    repeats = Repeats()
    handler.addFilter(repeats)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # It warns at each start that topics are not created by themselves, which is how we want it.
    logging.getLogger("relevo_runtime.faststream").setLevel(logging.ERROR)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    return repeats


@contextmanager
def log_context(*, shop: str = "", key: str = "", run: str = "", event: str = "") -> Iterator[None]:
    """Everything that is logged inside carries these ids; empty ones are left as they were."""
    ids = {"shop": shop, "key": key, "run": run, _EVENT_ID: event}
    with structlog.contextvars.bound_contextvars(**{name: value for name, value in ids.items() if value}):
        yield


def mask_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replaces the values of fields that are named like secrets, and passwords inside URLs, at any depth."""
    for name, value in event.items():
        event[name] = MASK if _SECRET_NAME.search(name) and value else _masked(value)
    return event


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return _URL_PASSWORD.sub(rf"\1:{MASK}@", value) if "://" in value else value
    if isinstance(value, dict):
        return {k: MASK if isinstance(k, str) and _SECRET_NAME.search(k) else _masked(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    return value


def _service_name(service: str) -> structlog.typing.Processor:
    def add(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        return event

    return add


def _rendering(settings: RuntimeSettings) -> list[structlog.typing.Processor]:
    if settings.log_format == "console":
        # Without the values of variables, which would show secrets.
        tracebacks = structlog.dev.RichTracebackFormatter(show_locals=False)
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=tracebacks)]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message", _EVENT_ID),
        structlog.processors.JSONRenderer(serializer=_json),
    ]


def _json(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()
