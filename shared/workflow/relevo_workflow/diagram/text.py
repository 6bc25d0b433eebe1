"""How wide words are in a sans-serif face, and how they break into lines. Widths are generous: fonts differ."""

FONT = 13.0
_NARROW = set("iljtfrI.,:;'|!()[]{} /·“”\"")
_WIDE = set("mwMW@%→—")


def width_of(text: str, size: float = FONT) -> float:
    """The width of a line in pixels."""
    ems = sum(0.36 if char in _NARROW else 0.92 if char in _WIDE else 0.70 if char.isupper() else 0.58 for char in text)
    return ems * size


def lines_of(text: str, limit: float) -> list[str]:
    """The lines of a text, none wider than `limit` unless it is one word."""
    found: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}".strip()
            if line and width_of(longer) > limit:
                found.append(line)
                line = word
            else:
                line = longer
        found.append(line)
    return found
