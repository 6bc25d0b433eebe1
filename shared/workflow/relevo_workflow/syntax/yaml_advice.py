"""What would help where text is not valid YAML, or is valid and hardly means what it says."""

import re

_TYPED = re.compile(r"^\s*(?:- )*\s*(?:[\w-]+\s*:\s+)?")
_FIELD = re.compile(r"([\w-]+)\s*:\s+(?=\S)")
_AFTER_QUOTE = re.compile(r"""([\w-]+)\s*:\s+("(?:\\.|[^"\\])*"|'(?:''|[^'])*')\s*([^\s,}\]#:][^#]*)""")
_SIGN = re.compile(r"([\w-]+)\s*:\s+([!@`%*&|>].*)")
_FLOW_VALUE = re.compile(r"([\w-]+)\s*:\s+([^\s\"'{\[,:][^\"{,:]*?[\[(].*?[\])])\s*(?=[,}])")
_LIQUID = re.compile(r"\s*(?:- )*(?:([\w-]+)\s*:\s+)?(\S.*\{[{%].*|\{[{%].*)$")
_UNKNOWN_ESCAPE = "unknown escape"
_SPACES = "indent with spaces: YAML takes no tabs"


def yaml_advice(problem: str, line: str, column: int) -> str:
    """What would help for a parser's complaint about `line` of the file, at `column` (from 0)."""
    before, at = line[:column], line[column:]
    if "\t" in problem or "'\\t'" in problem or "\t" in before[: len(before) - len(before.lstrip())]:
        return _SPACES
    if _UNKNOWN_ESCAPE in problem:
        return "in double quotes a backslash is written twice; in single quotes it stands for itself"
    if "another document" in problem:
        return "a file has one document: take out the line '---'"
    if re.search(r"(^|[\s,\[{])#", before + at) and "stream end" in problem:
        return "'#' begins a comment: quote the text"
    return _about_value(problem, line, column) or _missing_comma(problem, before) or _about_structure(problem, at)


def _about_value(problem: str, line: str, column: int) -> str:
    """Advice about a value that needs quotes."""
    if match := _AFTER_QUOTE.search(line):
        if re.match(r"[\w]", match[3]) and match[2][0] == "'" and line.count("'") > 2 and not _operator(match[3]):
            return "inside single quotes an apostrophe is written twice: 'it''s'"
        return _quote(match[1], _value(line, match.start(2)))
    if match := _SIGN.search(line):
        return _quote(match[1], _value(line, match.start(2)))
    if "{" in line[: column + 1]:
        return _with_liquid(line) or _missing_comma(problem, line[:column]) or _in_flow(line)
    if "mapping values" in problem and (match := _FIELD.search(line)):
        return f"': ' ends a name, so {_quote(match[1], line[match.end() :].rstrip())}"
    return ""


def _operator(text: str) -> bool:
    return re.match(r"(in|and|or|not)\b|[=!<>&|+\-*/?.]", text) is not None


def _in_flow(line: str) -> str:
    """Advice about `{…}` on one line, where commas and brackets end a value."""
    advice = "inside { } an expression with quotes, commas, brackets or ': ' is quoted"
    match = _FLOW_VALUE.search(line)
    return f"{advice}: {_quoted(match[1], match[2])}" if match else advice


def _with_liquid(line: str) -> str:
    """Advice about a text with Liquid in it that is not quoted."""
    match = _LIQUID.match(line)
    if match is None or match[2][0] in "'\"":
        return ""
    if match[2][0] in "[{" and not match[2].startswith(("{{", "{%")):
        return "inside [ ] and { } a text with {{ }} is quoted"
    return _quote(match[1], match[2].rstrip()) if match[1] else quote_whole(match[2].rstrip())


def quote_whole(text: str) -> str:
    """Advice to quote a text."""
    return f"quote the whole text: {_single(text)}"


def _missing_comma(problem: str, before: str) -> str:
    """Advice about two fields of `{…}` with nothing between them."""
    match = re.search(r"[\w\"'}\])]\s+([\w-]+)\s*$", before)
    return f"a comma is missing before '{match[1]}'" if match and "got ':'" in problem else ""


def _value(line: str, start: int) -> str:
    """The value that begins at `start`: to the end of the line, or of the { } that it stands in."""
    rest = line[start:].rstrip()
    opened = line[:start].count("{") - line[:start].count("}")
    while opened > 0 and rest.endswith("}"):
        rest, opened = rest[:-1].rstrip(), opened - 1
    return rest


def _quote(name: str, value: str) -> str:
    return f"quote the whole value: {_quoted(name, value)}"


def _quoted(name: str, value: str) -> str:
    return f"{name}: {_single(value)}"


def _single(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _about_structure(problem: str, at: str) -> str:
    if "block end" in problem or "block mapping start" in problem or "block sequence start" in problem:
        if problem.endswith("'-'"):
            return "line it up with the others of its list; each begins with '- ', also the one above"
        return "line it up with what it belongs to: the fields of a step stand deeper than its name, all at one depth"
    if "stream" in problem or "',' or" in problem:
        return "a quote or a bracket that opens here is not closed" if at else "a quote or a bracket is not closed"
    return ""


def time_advice(text: str) -> str:
    """How a time of day is written that somebody wrote another way."""
    match = re.fullmatch(r"(?i)\s*(\d{1,2})(?:[:.h](\d{2}))?\s*(?:h|uhr|o'?clock)?\s*(am|pm|a\.m\.|p\.m\.)?\s*", text)
    match = match or re.fullmatch(r"\s*(\d{1,2})(\d{2})()\s*", text)
    hour, minute = (int(match[1]), int(match[2] or 0)) if match else (99, 0)
    if match and match[3]:
        hour = hour % 12 + (12 if match[3].lower().startswith("p") else 0)
    hour = 0 if (hour, minute) == (24, 0) else hour
    return f'write it like "{hour:02}:{minute:02}"' if hour < 24 and minute < 60 else 'write it like "09:00"'


_UNITS = {"second": "s", "sec": "s", "minute": "m", "min": "m", "hour": "h", "hr": "h", "day": "d", "week": "w"}
_DAYS = {"month": 30, "mo": 30, "year": 365, "yr": 365, "y": 365}


def duration_advice(text: str) -> str:
    """How a length of time is written that somebody wrote another way."""
    match = re.fullmatch(r"(?i)\s*(-?)\s*(\d+)\s*([a-z]+?)s?\s*", text)
    unit = match[3].lower() if match else ""
    if match and unit in _UNITS:
        return f"write it like {match[1]}{match[2]}{_UNITS[unit]}"
    if match and unit in _DAYS:
        return f"write it in days: {match[1]}{int(match[2]) * _DAYS[unit]}d"
    if match := re.fullmatch(r"\s*(\d+)\s*", text):
        return f"with its unit: {match[1]}m, {match[1]}h, {match[1]}d"
    return "write it like 30m, 4h, 1d, 2w or 1d12h"
