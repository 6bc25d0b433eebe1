"""A workflow as plain data: where its values stand, and copies of it with one value changed or removed."""

from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]
Document = Any


def leaves(value: Document, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value of the document with its path: mappings and lists before what is in them."""
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))


def at(document: Document, path: Path) -> Any:
    """The value at a path."""
    for part in path:
        document = document[part]
    return document


def with_value(document: Document, path: Path, value: Any) -> Document:
    """A copy with another value at the path; the original is left alone."""
    if not path:
        return value
    copy: Any = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = with_value(document[path[0]], path[1:], value)
    return copy


def without(document: Document, path: Path) -> Document:
    """A copy without what is at the path."""
    parent = at(document, path[:-1])
    copy: Any = dict(parent) if isinstance(parent, dict) else list(parent)
    del copy[path[-1]]
    return with_value(document, path[:-1], copy)


def told(path: Path) -> str:
    """A path as people read it."""
    return ".".join(str(part) for part in path)
