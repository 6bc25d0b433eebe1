"""Makes the published schemas of today the baseline: `python -m tests.contracts.baseline`, once for each release."""

import json
from pathlib import Path
from typing import Any

from relevo_contracts.payloads import EVENT_TYPES
from relevo_contracts.schemas import asyncapi, event_schema

PATH = Path(__file__).parent / "published.json"


def today() -> dict[str, Any]:
    """The schemas of every event and message, as they are now."""
    return {
        "events": {name: event_schema(name) for name in sorted(EVENT_TYPES)},
        "messages": asyncapi()["components"]["schemas"],
    }


if __name__ == "__main__":
    PATH.write_text(json.dumps(today(), indent=1, sort_keys=True) + "\n")
