"""What is told as a whole whenever it changed: each state once, under however many topics a platform sends it."""

import msgspec

from relevo_ingest.core import normalise
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, StateViews


def if_changed(entity: Entity, draft: Draft, nothing_new: str) -> Pending:
    """The draft, unless what it says of `entity` was told last or is older than that.

    A draft with an id of its own is told in any case: who has it takes it once.
    """
    state = {"digest": normalise.digest(msgspec.json.encode(draft.payload).decode())}

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        is_news = seen.before is None or (seen.fresh and seen.before != state)
        return [draft] if is_news or draft.id else NoEvent(nothing_new, (draft.subject,))

    return Pending(conclude=conclude, observed=(Observation(entity=entity, state=state, at=draft.at),))
