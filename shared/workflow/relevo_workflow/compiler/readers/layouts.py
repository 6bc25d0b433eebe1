"""Checks the layouts of a workflow's e-mails as the notifier will use them: MJML, Liquid, their own words."""

from collections.abc import Iterable, Mapping

import msgspec

from relevo_templates.checks import check_text
from relevo_templates.environment import liquid_environment
from relevo_templates.errors import TemplateError
from relevo_templates.layouts import PAGE
from relevo_templates.mjml import compile_mjml
from relevo_templates.texts import Into, Text
from relevo_workflow.syntax.diagnostics import Position, Problems, suggestion
from relevo_workflow.syntax.yaml_source import Node, read_yaml


def check_layouts(names: Iterable[str], files: Mapping[str, str], problems: Problems) -> None:
    """Notes whatever would keep one of the layouts `names` from being filled in."""
    for name in sorted(names):
        path = f"layouts/{name}"
        if f"{path}.mjml" not in files:
            continue  # the template says so at its place
        if f"{path}.txt" not in files:
            problems.error(Position(f"{path}.mjml"), f"there is no {path}.txt beside it", "the text of the same e-mail")
        _check(f"{path}.txt", files.get(f"{path}.txt", ""), "text", problems)
        if _check(f"{path}.mjml", files[f"{path}.mjml"], "html", problems):
            _compile(f"{path}.mjml", files[f"{path}.mjml"], problems)
        if f"{path}.yaml" in files:
            layout_words(f"{path}.yaml", files[f"{path}.yaml"], problems)


def with_words(files: Mapping[str, str]) -> dict[str, str]:
    """The files with the words of each layout as JSON, as a deployment has them."""
    found = dict(files)
    for path, text in files.items():
        if path.startswith("layouts/") and path.endswith(".yaml"):
            found.setdefault(path.removesuffix(".yaml") + ".json", layout_words(path, text, Problems()))
    return found


def layout_words(file: str, text: str, problems: Problems) -> str:
    """The words of a layout as JSON: texts by name for each language."""
    root = read_yaml(file, text, problems)
    for node in _not_texts(root) if root is not None else ():
        problems.error(node.position, "the words of a layout are texts by name for each language", "en: {total: Total}")
        return "{}"
    if root is not None:
        _compare(root, problems)
    return msgspec.json.encode(root.plain()).decode() if root is not None else "{}"


def _not_texts(root: Node) -> Iterable[Node]:
    if root.entries is None:
        yield root
    for words in (root.entries or {}).values():
        if words.entries is None:
            yield words
        yield from (one for one in (words.entries or {}).values() if not one.is_text)


def _compare(root: Node, problems: Problems) -> None:
    """A word that one language has and another lacks would be an empty place in the e-mail."""
    every = {word for words in (root.entries or {}).values() for word in words.entries or {}}
    for language, words in (root.entries or {}).items():
        lacking = sorted(every - set(words.entries or {}))
        if lacking:
            words_of = ", ".join(f"'{word}'" for word in lacking)
            problems.warning((root.keys or {})[language], f"'{language}' has no {words_of}, and others have")


def _check(file: str, source: str, into: Into, problems: Problems) -> bool:
    """Whether the Liquid of a layout can be filled in."""
    before = len(problems.errors)
    try:
        parsed = Text(source, into=into)
    except TemplateError as error:
        problems.error(_position(file, source, error.index), f"this is not Liquid: {error.why}")
        return False
    if parsed.liquid is None:
        return True
    for found in check_text(parsed.liquid):
        advice = suggestion(found.filter, liquid_environment().filters) if found.filter else ""
        problems.error(_position(file, source, found.index), found.message, advice)
    for name, variables in parsed.liquid.analyze().globals.items():
        if name not in PAGE:
            where = _position(file, source, variables[0].span.index)
            problems.error(where, f"a layout has no variable '{name}'", suggestion(name, PAGE))
    return len(problems.errors) == before


def _compile(file: str, source: str, problems: Problems) -> None:
    try:
        Text(compile_mjml(file, source).html, into="html")
    except TemplateError as error:
        where = _position(file, source, error.index) if error.index >= 0 else Position(file, max(1, error.line))
        problems.error(where, error.why)


def _position(file: str, source: str, index: int) -> Position:
    index = max(0, index)
    return Position(file, source.count("\n", 0, index) + 1, index - source.rfind("\n", 0, index))
