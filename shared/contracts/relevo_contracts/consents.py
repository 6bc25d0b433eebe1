"""What was said about one address on one channel: the newest statement, and what held before one that can be undone.

A withdrawal by an unsubscribe link can be undone by whoever made it, and then exactly that withdrawal is lifted: what
held before it holds again, and nothing more. So such a withdrawal does not replace the statement before it, it lies
over it. The order in which statements are learnt does not matter.
"""

from datetime import datetime
from typing import Literal, TypeVar

from msgspec import Struct

from relevo_contracts.parts import Instant

ConsentState = Literal["granted", "withdrawn", "pending", "unknown"]
LINK = "unsubscribe-link"
"""The source of a withdrawal that can be undone; it concerns the address, whoever has it."""
STOP = "sms-stop"
"""The source of a withdrawal by an answer to the shop's number. Only START, or consent that is given anew, ends it."""
MAIL_STOP = "mail-stop"
"""The same by a mail to the shop; consent that is given anew ends it."""
STOPS = frozenset((STOP, MAIL_STOP))
"""Withdrawals that concern an address, whoever has it, and that a shop's ticked box does not outweigh."""
UNDOABLE = frozenset((LINK, STOP))
"""Withdrawals that lie over what was said before, so that undoing one restores exactly that."""
KEPT_CONSENTS = 40
"""So many statements about other addresses and numbers are kept of a person. One that is dropped is unknown again."""

_SETTLED = "unsubscribe-link, settled"
_KEPT = 4
"""So many withdrawals that lie over each other can be undone; an older one stands for good."""
_NEVER = datetime.fromisoformat("0001-01-01T00:00:00+00:00")


class Earlier(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A statement that a later withdrawal lies over."""

    state: ConsentState = "unknown"
    at: Instant | None = None
    source: str = ""


class Consent(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The newest statement about one address on one channel, with the time and the source that prove it.

    `before` is what a withdrawal by a link lies over, the newest first. `lifted` are such withdrawals that were undone.
    """

    state: ConsentState = "unknown"
    at: Instant | None = None
    source: str = ""
    before: tuple[Earlier, ...] = ()
    lifted: tuple[Instant, ...] = ()


UNKNOWN = Consent()
_NOTHING = Earlier()


def newer(old: Consent, new: Consent) -> Consent:
    """The newer of two statements; at the same instant a withdrawal wins (the careful reading)."""
    if _is_plain(old) and _is_plain(new):
        return new if _newest(old, new) is new else old
    mine, others = _stack(old), _stack(new)
    lifted = tuple(sorted({*old.lifted, *new.lifted}))[-_KEPT:]
    return _over(_newest(mine[-1], others[-1]), {*mine[:-1], *others[:-1]}, lifted)


def lift(consent: Consent, at: datetime) -> Consent:
    """What holds without the withdrawal of that instant; `consent` itself if there is none."""
    if not any(_same(one.at, at) for one in _stack(consent)[:-1]):
        return consent
    return newer(consent, Consent(lifted=(at,)))


def withdrawals(consent: Consent) -> Consent:
    """What of it holds for other addresses too: the withdrawals alone, also those that were lifted."""
    if _is_plain(consent):
        return consent if consent.state == "withdrawn" else UNKNOWN
    *links, base = _stack(consent)
    return _over(base if base.state == "withdrawn" else _NOTHING, set(links), consent.lifted)


def _stack(consent: Consent) -> list[Earlier]:
    """The withdrawals by link, and last the statement that they lie over."""
    top = Earlier(state=consent.state, at=consent.at, source=consent.source)
    if not _is_link(top):
        return [top]
    return [top, *(consent.before or (_NOTHING,))]


def _over(base: Earlier, links: set[Earlier], lifted: tuple[datetime, ...]) -> Consent:
    """The consent of a statement and the withdrawals by link that are not older and were not undone."""
    valid = [one for one in links if one.at is not None and not any(_same(one.at, at) for at in lifted)]
    over = sorted((one for one in valid if not _older(one, base)), key=_instant, reverse=True)
    if len(over) > _KEPT:
        base = Earlier(state="withdrawn", at=over[_KEPT].at, source=_SETTLED)
        over = over[:_KEPT]
    top, *below = [*over, base]
    before = tuple(below) if below != [_NOTHING] else ()
    return Consent(state=top.state, at=top.at, source=top.source, before=before, lifted=lifted)


def _is_plain(consent: Consent) -> bool:
    """Whether nothing lies over or under it and nothing was lifted, as with nearly all."""
    return not consent.lifted and not consent.before and not _is_link(consent)


_Statement = TypeVar("_Statement", Earlier, Consent)


def _newest(old: _Statement, new: _Statement) -> _Statement:
    if new.at is None:
        return old
    if old.at is None or new.at > old.at:
        return new
    return new if new.at == old.at and new.state == "withdrawn" else old


def _is_link(one: Earlier | Consent) -> bool:
    return one.state == "withdrawn" and one.source in UNDOABLE and one.at is not None


def _older(one: Earlier, base: Earlier) -> bool:
    return base.at is not None and _instant(one) < base.at


def _instant(one: Earlier) -> datetime:
    assert one.at is not None
    return one.at


def _same(one: datetime | None, other: datetime) -> bool:
    """Two clicks within a second are one withdrawal."""
    return one is not None and one.replace(microsecond=0) == other.replace(microsecond=0)


def newest_kept(consents: dict[str, Consent]) -> dict[str, Consent]:
    """So many of these statements, by address, as are kept: the newest, and those about no address in particular."""
    if len(consents) <= KEPT_CONSENTS:
        return consents
    whole = {name: one for name, one in consents.items() if name.endswith(":")}
    rest = sorted(
        (one for one in consents.items() if one[0] not in whole), key=lambda one: (one[1].at or _NEVER, one[0])
    )
    return {**whole, **dict(rest[len(whole) - KEPT_CONSENTS :])}
