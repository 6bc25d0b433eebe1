"""Comments of YAML that were hardly meant as one: `subject: Order #{{ trigger.order_id }}` is the text `Order`."""

import re

_COMMENT = re.compile(r"[ \t]+(?=#)([^\r\n]*)")
_CUT = re.compile(r"#\d|.*\{[{%]")
_CUT_IN_PROSE = re.compile(r"#[\w$€£]|.*\{[{%]")


def cut_text(text: str, start: int, end: int, *, prose: bool) -> tuple[int, str] | None:
    """Where a comment cuts off a plain scalar from `start` to `end`, and the whole as it was meant.

    A comment that was meant has a space after its `#` and no Liquid; where there is no `prose`, people write some
    without the space.
    """
    behind = start + len(text[start:end].rstrip(" \t\r\n"))
    comment = _COMMENT.match(text, behind)
    if comment is None or not (_CUT_IN_PROSE if prose else _CUT).match(comment[1]):
        return None
    if start == behind and "{" not in comment[1] and not prose:
        return None
    return comment.start(1), (text[start : comment.end()]).strip()
