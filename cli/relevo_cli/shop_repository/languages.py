"""The files of the library with the texts of some languages alone."""

from collections.abc import Collection
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

_WIDE = 10_000


def yaml() -> YAML:
    """YAML that keeps comments, quotes and order."""
    made = YAML()
    made.width = _WIDE
    made.preserve_quotes = True
    made.indent(mapping=2, sequence=4, offset=2)
    return made


def dumped(document: Any) -> str:
    """The text of a document that was read by `yaml`."""
    text = StringIO()
    yaml().dump(document, text)
    return text.getvalue()


def without_languages(text: str, left_out: Collection[str]) -> str:
    """The YAML without what stands under the codes of the languages that are left out; as it is if there is nothing."""
    document = yaml().load(text)
    return dumped(document) if _cut(document, left_out) else text


def _cut(node: Any, left_out: Collection[str]) -> bool:
    """Whether something was taken out."""
    if isinstance(node, list):
        return max([False, *(_cut(one, left_out) for one in node)])  # each of them, not the first alone
    if not isinstance(node, dict):
        return False
    gone = [key for key in node if key in left_out]
    for key in gone:
        del node[key]
    return max([bool(gone), *(_cut(one, left_out) for one in node.values())])
