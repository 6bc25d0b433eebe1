"""A reply without the mail that it answers. Pure.

Mail programs put it below, with `>` before each line and a line of their own above ("On … Ana wrote:"), or behind a
line that separates it. What is not surely a quotation stays, and so does a text that is nothing but quotations.
"""

import re

_QUOTED = re.compile(r"\s?>")
_SEPARATOR = re.compile(
    r"-{2,} ?(original message|mensaje original|messaggio originale|message d'origine|ursprüngliche nachricht|"
    r"mensagem original|oorspronkelijk bericht|wiadomość oryginalna|forwarded message|begin forwarded message:?) ?-*",
    re.IGNORECASE,
)
_RULE = re.compile(r"_{10,}")
_HEAD = re.compile(r"\*?(from|de|da|von|van|od)\*? ?:\*? .*@", re.IGNORECASE)
_HEAD_MORE = re.compile(
    r"\*?(sent|date|to|subject|enviado|fecha|para|asunto|inviato|data|a|oggetto|gesendet|datum|an|betreff|envoyé|"
    r"à|objet|verzonden|aan|onderwerp|assunto|wysłano|do|temat)( el)?\*? ?:",
    re.IGNORECASE,
)
_DATED = re.compile(r"\d{4}|\d[:.h]\d\d")
_LONGEST_ATTRIBUTION = 3
"""Lines over which "On … wrote:" may be folded."""


def without_quotes(text: str) -> str:
    """What was written anew."""
    lines = text.split("\n")
    kept = _without_marked(lines[: _separated(lines)])
    return "\n".join(kept).strip() or text.strip()


def _separated(lines: list[str]) -> int:
    """The number of the line from which on all is quoted."""
    for number, line in enumerate(lines):
        one, following = line.strip(), [after.strip() for after in lines[number + 1 : number + 5]]
        if _SEPARATOR.fullmatch(one) or (_RULE.fullmatch(one) and any(map(_HEAD.match, following))):
            return number
        if _HEAD.match(one) and any(map(_HEAD_MORE.match, following)):
            return number
    return len(lines)


def _without_marked(lines: list[str]) -> list[str]:
    """Without the lines that are marked as quoted, and those above that say of whom they are."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        if not _QUOTED.match(line):
            kept.append(line)
        elif number and not _QUOTED.match(lines[number - 1]):
            kept = _without_attribution(kept)
    return kept


def _without_attribution(kept: list[str]) -> list[str]:
    """Without the last paragraph if it is one: it ends with a colon and has a date."""
    end = len(kept)
    while end and not kept[end - 1].strip():
        end -= 1
    start = end
    while start and kept[start - 1].strip() and end - start < _LONGEST_ATTRIBUTION:
        start -= 1
        said = " ".join(kept[start:end])
        if not said.rstrip().endswith((":", "\uff1a")):
            return kept
        if _DATED.search(said):
            return kept[:start]
    return kept
