"""`….deleted`: an id and nothing else. Only what is known can be deleted."""

from collections.abc import Callable

from relevo_ingest.connectors.woocommerce import parts
from relevo_ingest.connectors.woocommerce.shapes import DeletedShape
from relevo_ingest.core import fields
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Conclusion, NoEvent, Pending
from relevo_ingest.core.states import UNKNOWN, Entity, StateViews


def deleted_id(body: bytes) -> str:
    """The id of what was deleted. Raises `InvalidPayload` if there is none."""
    return fields.required(parts.ident(decode(body, DeletedShape).id), "id")


def deletion(
    body: bytes, name: str, entity_of: Callable[[str], Entity], drafts_of: Callable[[str, StateViews], Conclusion]
) -> Pending:
    """What `drafts_of` makes of the id and of what is known, if a `name` (such as `order`) of this id was ever seen."""
    found = deleted_id(body)
    entity = entity_of(found)

    def conclude(views: StateViews) -> Conclusion:
        if views.get(entity, UNKNOWN).before is None:
            return NoEvent(f"{name}.deleted: no {name} of this id was ever heard of")
        return drafts_of(found, views)

    return Pending(conclude=conclude, looks=(entity,))
