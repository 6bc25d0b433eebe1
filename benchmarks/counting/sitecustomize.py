"""Python loads this at its start in a process whose PYTHONPATH names this folder: it counts requests to Kafka by kind,
and round trips to PostgreSQL as `statements`.

One addition to a dictionary for each; the counts are in a file from which the benchmark reads, written each second.
"""

import collections
import importlib.util
import json
import os
import sys
import threading
import time

_COUNTS: "collections.Counter[str]" = collections.Counter()
_TARGET = os.environ.get("RELEVO_BENCH_COUNTS", "")


def _write_for_ever(path: str) -> None:
    while True:
        time.sleep(1.0)
        fresh = f"{path}.new"
        with open(fresh, "w") as file:  # noqa: PTH123 - nothing beyond what Python has loaded anyway
            json.dump(dict(_COUNTS), file)
        os.replace(fresh, path)  # noqa: PTH105


def _count_requests(module):  # type: ignore[no-untyped-def]
    send = module.AIOKafkaConnection.send

    def counted(self, request, *more, **named):  # type: ignore[no-untyped-def]
        _COUNTS[type(request).__name__.split("_")[0]] += 1
        return send(self, request, *more, **named)

    module.AIOKafkaConnection.send = counted


def _count_statements(module):  # type: ignore[no-untyped-def]
    execute, prepared = module.Connection.execute, module.Connection._do_execute

    def simple(self, query, *parameters, **named):  # type: ignore[no-untyped-def]
        _COUNTS["statements"] += not parameters  # one with parameters is prepared, and counted there
        return execute(self, query, *parameters, **named)

    def counted(self, *more, **named):  # type: ignore[no-untyped-def]
        _COUNTS["statements"] += 1
        return prepared(self, *more, **named)

    module.Connection.execute, module.Connection._do_execute = simple, counted


_COUNTERS = {"aiokafka.conn": _count_requests, "asyncpg.connection": _count_statements}


class _Finder:
    """Waits until the connections of both drivers are loaded, and counts what is sent through them from then on."""

    def find_spec(self, name: str, path: object = None, target: object = None):  # type: ignore[no-untyped-def]
        count = _COUNTERS.pop(name, None)
        if count is None:
            return None
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def counting(module):  # type: ignore[no-untyped-def]
            execute(module)
            count(module)

        spec.loader.exec_module = counting
        return spec


if _TARGET:
    sys.meta_path.insert(0, _Finder())
    threading.Thread(target=_write_for_ever, args=(f"{_TARGET}.{os.getpid()}",), daemon=True).start()
