"""`python -m tests.chaos --seed S --kills N`: see docs/chaos.md. Exit code 1 if a book differs."""

import argparse
import asyncio
import logging
import sys
import time

import msgspec

from tests.chaos.overload import Spans, overload
from tests.chaos.run import Result, run
from tests.chaos.scene import tell

SHOWN = 20


def main() -> int:
    """Run it; the last line of standard output is JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 100_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--overload", action="store_true", help="too much at once, and the servers away, instead")
    parser.add_argument("--load", type=float, default=Spans().load, help="seconds of --overload's load")
    parser.add_argument("--outage", type=float, default=Spans().outage, help="seconds of --overload's outages")
    options = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # that Kafka does not answer is what is wanted
    tell(f"seed {options.seed}")
    if options.overload:
        told = asyncio.run(overload(options.seed, Spans(options.load, options.outage)))
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return 0 if told.good else 1
    result = asyncio.run(run(options.seed, options.kills))
    print_result(result)
    sys.stdout.write(msgspec.json.encode(result.outcome).decode() + "\n")
    return 0 if result.good else 1


def print_result(result: Result) -> None:
    """What differs, for people."""
    found = result.differences
    for name, lines in (
        ("left out", result.left_out),
        ("refused", result.refused),
        ("lost", found.lost),
        ("duplicated", found.duplicated),
        ("early", found.early),
        ("stuck", found.stuck),
        (f"in doubt (at most {result.promised})", found.in_doubt),
    ):
        for line in lines[:SHOWN]:
            tell(f"{name}: {line}")
        if len(lines) > SHOWN:
            tell(f"{name}: … and {len(lines) - SHOWN} more")


if __name__ == "__main__":
    sys.exit(main())
