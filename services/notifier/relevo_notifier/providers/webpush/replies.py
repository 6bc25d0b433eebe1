"""How the answer of a push service is to be read, and what follows from those of all devices of a person.

Source: RFC 8030 sections 5 and 7 (201, 400, 404, 410, 413, 429), RFC 8292 section 4.2 (401, 403).
"""

from collections.abc import Mapping, Sequence

from msgspec import structs

from relevo_notifier.core.provider_results import ProviderResult, Rejected, Sent, TryLater, Unknown

_GONE = {404, 410}
_ABOUT_US = {401, 403, 503}
_NAMES = ("location", "apns-id", "x-wns-msg-id")


def read_push(endpoint: str, status: int, headers: Mapping[str, str], retry_after: float) -> ProviderResult:
    """How the answer for one device is to be read."""
    detail, reason = {"http": str(status)}, f"the push service answered {status}"
    if status in (201, 202):
        name = next((headers[one] for one in _NAMES if headers.get(one)), "")
        return Sent(name, detail) if name else Unknown(f"{reason} without a name for the message", detail)
    if status in _GONE:
        return Rejected(f"{reason}: the browser takes no messages any more", detail=detail, gone=(endpoint,))
    if status == 429 or status in _ABOUT_US or 300 <= status < 400:
        return TryLater(reason, retry_after, detail)
    if 400 <= status < 500:
        return Rejected(reason, detail=detail)
    return Unknown(reason, detail)


def of_all(answers: Sequence[tuple[str, ProviderResult]], reached: int) -> ProviderResult:
    """What became of a message to several devices, each with its mark; `reached` have it from earlier attempts.

    It is sent if one of them has it, and goes on for those whose service wants it later. A device of which nobody knows
    counts as reached then: it does not get the message twice.
    """
    gone = tuple(one for _, answer in answers if isinstance(answer, Rejected) for one in answer.gone)
    sent = [(mark, answer) for mark, answer in answers if isinstance(answer, Sent)]
    later = [answer for _, answer in answers if isinstance(answer, TryLater)]
    open_ = [(mark, answer) for mark, answer in answers if isinstance(answer, Unknown)]
    count = {"devices": f"{len(sent) + reached} of {len(answers) + reached}"} if len(answers) + reached > 1 else {}
    if later:
        marks = tuple(mark for mark, _ in (*sent, *open_))
        first = max(later, key=lambda answer: answer.wait)
        return structs.replace(first, detail=first.detail | count, gone=gone, reached=marks)
    if sent:
        return structs.replace(sent[0][1], detail=sent[0][1].detail | count, gone=gone)
    if reached:
        return Sent("", count, gone=gone)
    if open_:
        return structs.replace(open_[0][1], gone=gone)
    refused = next((answer for _, answer in answers if isinstance(answer, Rejected)), Rejected("it has no device"))
    return structs.replace(refused, detail=refused.detail | count, gone=gone)
