"""Whether an event that a shop declared fits what a workflow was written for: its schema may be another one by now."""

import msgspec

from relevo_contracts.envelope import Event
from relevo_contracts.event_types import CUSTOM
from relevo_workflow.definition.workflow import Definition


def schema_mismatch(definition: Definition, event: Event) -> str:
    """Why the workflow can't read the event; empty if it can. Built-in events were looked at when they were folded."""
    if not event.type.startswith(CUSTOM):
        return ""
    try:
        msgspec.convert(event.data, definition.types[event.type])
    except msgspec.ValidationError as error:
        return f"{event.type} does not fit what version {definition.version} knows of it: {error}"
    except KeyError:
        return f"version {definition.version} does not know {event.type}"
    return ""
