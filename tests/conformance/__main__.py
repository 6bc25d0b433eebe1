"""`make conformance`: every sample of Shopify's webhooks, through signature and reading, and the newest through ingest.

`--write` puts the figures into docs/ingest.md. The exit code is 1 if any sample was refused or ended in an error.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from relevo_ingest.connectors.shopify import topics
from tests.conformance.package import NAME, VERSION, PackageError, Sample, pinned_samples
from tests.conformance.posting import post_all
from tests.conformance.reading import page, read_all, table

PAGE = Path(__file__).parents[2] / "docs" / "ingest.md"
BEGIN, END = "<!-- conformance: written by `make conformance` -->\n", "<!-- end of conformance -->"


def main() -> int:
    """Runs everything, prints the table, and says whether it all was taken."""
    parser = argparse.ArgumentParser(prog="make conformance", description=__doc__)
    parser.add_argument("--package", type=Path, help="the archive of the package, in place of fetching it")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/ingest.md")
    parser.add_argument("--no-app", action="store_true", help="leave out the running ingest")
    given = parser.parse_args()
    try:
        found = pinned_samples(given.package)
    except PackageError as error:
        print(error, file=sys.stderr)
        return 2
    outcomes = read_all(found)
    print(table(outcomes))
    if given.write:
        write(page(outcomes, f"`{NAME}` {VERSION}"), PAGE)
    failed = [one for one in outcomes if one.failed]
    refused = [] if given.no_app else asyncio.run(post_all(newest(found)))
    print("\n".join(refused) if refused else "", end="\n" if refused else "")
    print(f"{len(outcomes)} samples read, {len(failed)} failed; through ingest: {len(refused)} refused")
    return 1 if failed or refused else 0


def newest(found: list[Sample]) -> list[Sample]:
    """The samples of the newest version, of the topics that are read."""
    last = max(one.version for one in found)
    return [one for one in found if one.version == last and one.topic in topics.READERS]


def write(figures: str, document: Path) -> None:
    """Puts the figures between their marks. Raises `ValueError` if the page has no marks."""
    text = document.read_text()
    before, after = text.index(BEGIN) + len(BEGIN), text.index(END)
    document.write_text(f"{text[:before]}{figures}\n{text[after:]}")


if __name__ == "__main__":
    sys.exit(main())
