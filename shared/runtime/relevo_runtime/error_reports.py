"""Bugs and unexpected errors for Sentry, or for what speaks its protocol: what is logged with a traceback is reported.

What goes out is which error it was, where in the code, in which service and release, and of which shop, if that is
known. The text of an error stays in the log: it may quote what a person wrote. So do the values of variables and
whatever else there is. What is merely away (Kafka, PostgreSQL, a network) is not reported: it is not a bug.
"""

import logging
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from types import TracebackType
from typing import Any

from relevo_runtime.errors import PublishError, Unreachable
from relevo_runtime.health import RELEASE
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import temporary
from relevo_runtime.settings import RuntimeSettings

PERIOD = 60.0
"""Seconds in which an error of one kind is reported once."""
MOST = 20
"""Errors of all kinds that are reported in `PERIOD`."""
_MOST_KINDS = 500
_LAST_SECONDS = 2.0
_OURS = "relevo"
_KEPT = (
    *("event_id", "timestamp", "platform", "level", "logger", "logentry", "exception", "tags"),
    *("release", "environment", "server_name", "sdk"),
)


class ErrorReports(logging.Handler):
    """Reports what is logged with an error, as `attach` begins it, and what `report` is given."""

    def __init__(self, client: Any, service: str, metrics: Metrics, monotonic: Callable[[], float]) -> None:
        super().__init__(logging.ERROR)
        self._client = client
        self._service = service
        self._sent = metrics.errors_reported.labels("sent")
        self._left_out = metrics.errors_reported.labels("left_out")
        self._monotonic = monotonic
        self._kinds: OrderedDict[tuple[object, ...], float] = OrderedDict()
        self._times: list[float] = []

    def attach(self) -> None:
        """From now on what is logged is reported. First of all handlers: others take marks off a record."""
        if self._client is not None:
            logging.getLogger().handlers.insert(0, self)

    def close(self) -> None:
        """Report nothing more; what waits is sent, for two seconds at most."""
        super().close()
        logging.getLogger().removeHandler(self)
        if self._client is not None:
            self._client.close(timeout=_LAST_SECONDS)

    def emit(self, record: logging.LogRecord) -> None:
        """Report the error of a record, if it has one. Never raises: the log goes on."""
        try:
            fields = record.msg if isinstance(record.msg, dict) else record.__dict__
            error = _error_of(record.exc_info or fields.get("exc_info"))
            if error is not None:
                shop, part = (str(fields.get(name) or "") for name in ("shop", "repeats"))
                self._report(error, record.name, _template(record), {"shop": shop, "part": part})
        except Exception:  # noqa: BLE001 - whatever it is, nobody who logs may meet it
            self.handleError(record)

    def report(self, error: BaseException) -> None:
        """Report an error that ends the service."""
        self._report(error, __name__, "the service ends", {})

    def _report(self, error: BaseException, logger: str, template: str, tags: dict[str, str]) -> None:
        if self._client is None or _is_away(error):
            return
        if not self._has_room(error):
            self._left_out.inc()
            return
        from sentry_sdk.utils import event_from_exception  # noqa: PLC0415 - only those who use it pay for it

        event, hint = event_from_exception(error, client_options=self._client.options)
        known = {name: value for name, value in tags.items() if value}
        event |= {"logger": logger, "tags": {"service": self._service, **known}}
        if template:
            event["logentry"] = {"message": template}
        self._client.capture_event(event, hint)
        self._sent.inc()

    def _has_room(self, error: BaseException) -> bool:
        now, kind = self._monotonic(), (type(error), _place(error.__traceback__))
        self._times = [at for at in self._times if at > now - PERIOD]
        if self._kinds.get(kind, -PERIOD) > now - PERIOD or len(self._times) >= MOST:
            return False
        self._times.append(now)
        self._kinds[kind] = now
        self._kinds.move_to_end(kind)
        if len(self._kinds) > _MOST_KINDS:
            self._kinds.popitem(last=False)
        return True


def open_error_reports(
    settings: RuntimeSettings, service: str, metrics: Metrics, monotonic: Callable[[], float] = time.monotonic
) -> ErrorReports:
    """Reports to where the settings say; to nowhere if they say nothing."""
    dsn = settings.sentry_dsn.get_secret_value()
    return ErrorReports(_client(dsn) if dsn else None, service, metrics, monotonic)


def _client(dsn: str) -> Any:
    import sentry_sdk  # noqa: PLC0415 - it costs memory and time that only those pay who use it

    return sentry_sdk.Client(
        dsn=dsn,
        release=f"relevo@{RELEASE}",
        before_send=_scrubbed,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        send_client_reports=False,
        shutdown_timeout=_LAST_SECONDS,
    )


def _scrubbed(event: Any, _: Any) -> Any:
    """The event with nothing but what is known to be nobody's: no texts of errors, no variables, no surroundings."""
    for error in event.get("exception", {}).get("values", ()):
        error["value"] = ""
        error.pop("mechanism", None)
        for frame in (error.get("stacktrace") or {}).get("frames", ()):
            frame.pop("vars", None)
    return {name: event[name] for name in _KEPT if name in event}


def _error_of(given: Any) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    found = sys.exc_info() if given is True else given
    return found[1] if isinstance(found, tuple) else None


def _template(record: logging.LogRecord) -> str:
    """What is logged, before values are filled in; of a library nothing, as it may have filled them in itself."""
    if not record.name.startswith(_OURS):
        return ""
    return str(record.msg.get("event", "")) if isinstance(record.msg, dict) else str(record.msg)


def _is_away(error: BaseException) -> bool:
    return isinstance(error, PublishError | Unreachable | OSError) or (
        isinstance(error, Exception) and temporary(error)
    )


def _place(trace: TracebackType | None) -> tuple[str, int]:
    """Where it was raised."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return ("", 0) if trace is None else (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
