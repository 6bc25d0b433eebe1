"""`python -m tests.year`: a shop's year, its messages by workflow and month, and what breaks a rule."""

import argparse
import sys
from collections import Counter

from tests.year.rules import broken
from tests.year.shop_year import Message, years


def table(messages: list[Message]) -> list[str]:
    """The messages by workflow and month; those after the year's end stand in the last column."""
    months = sorted({one.sent.strftime("%y-%m") for one in messages})
    counts = Counter((one.workflow, one.sent.strftime("%y-%m")) for one in messages)
    rows = [f"{'workflow':<20}" + "".join(f"{month:>6}" for month in months) + f"{'all':>7}"]
    for name in sorted({one.workflow for one in messages}):
        each = [counts[name, month] for month in months]
        rows.append(f"{name:<20}" + "".join(f"{count:>6}" for count in each) + f"{sum(each):>7}")
    return rows


def main() -> int:
    """Exit code 1 if a rule is broken."""
    options = argparse.ArgumentParser(prog="python -m tests.year", description=main.__doc__)
    options.add_argument("--customers", type=int, default=300)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    lived = list(years(asked.seed, asked.customers))
    messages = [one for year in lived for one in year.messages]
    skipped = Counter[str]()
    for year in lived:
        skipped.update(year.skipped)
    faults = [fault for year in lived for fault in broken(year)]
    said = ", ".join(f"{count} {why}" for why, count in sorted(skipped.items()))
    lines = [
        *table(messages),
        "",
        f"{asked.customers} customers, {sum(len(year.runs) for year in lived)} runs, {len(messages)} messages; "
        f"not sent: {said}",
        *faults,
        f"{len(faults)} times a rule was broken",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
