"""YAML as nodes that know where they stand, so that every problem has a line and a column."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode

from relevo_workflow.syntax.diagnostics import Diagnostic, Position, Problems
from relevo_workflow.syntax.source_map import SourceMap
from relevo_workflow.syntax.yaml_advice import quote_whole, yaml_advice
from relevo_workflow.syntax.yaml_comments import cut_text
from relevo_workflow.syntax.yaml_flow import liquid, whole_pairs

Scalar = str | int | float | bool | None
_MAX_DEPTH = 60
_MAX_NODES = 50_000
_TOO_DEEP = f"this is nested more than {_MAX_DEPTH} levels deep"


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file: a mapping, a list or a scalar. `text` is a scalar's value as text."""

    position: Position
    value: Scalar = None
    text: str = ""
    entries: dict[str, "Node"] | None = None
    keys: dict[str, Position] = field(default_factory=dict)
    items: tuple["Node", ...] | None = None
    source_map: SourceMap | None = field(default=None, compare=False, repr=False)

    @property
    def kind(self) -> str:
        """What the node is, in words for a message."""
        if self.entries is not None:
            return "a mapping"
        if self.items is not None:
            return "a list"
        return "nothing" if self.value is None else "a value"

    @property
    def is_text(self) -> bool:
        """Whether it is a scalar that was written as text."""
        return isinstance(self.value, str)

    def at(self, index: int) -> Position:
        """Where the character `index` of a scalar's text stands in the file."""
        if self.source_map is None:
            return self.position.right(index)
        return Position(self.position.file, *self.source_map.position_of(self.text, index))

    def plain(self) -> object:
        """The value without positions: what a JSON reader would give."""
        if self.entries is not None:
            return {key: node.plain() for key, node in self.entries.items()}
        if self.items is not None:
            return [node.plain() for node in self.items]
        return self.value

    def walk(self) -> Iterator["Node"]:
        """This node and every node inside it."""
        yield self
        for node in (self.entries or {}).values():
            yield from node.walk()
        for node in self.items or ():
            yield from node.walk()


def read_yaml(file: str, text: str, problems: Problems) -> Node | None:
    """The document of `text`, or `None` with the problem noted if it is not a YAML 1.2 document."""
    root, found = _document(file, text)
    for one in found:
        problems.note(one)
    return root


@lru_cache(maxsize=128)
def _document(file: str, text: str) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """The document and what was found; the files that the workflows of a library share are parsed once for all."""
    problems = Problems()
    return _parsed(file, text, problems), tuple(problems.found)


def _parsed(file: str, text: str, problems: Problems) -> Node | None:
    try:
        root = YAML(typ="safe", pure=True).compose(StringIO(text))
        if root is None:
            problems.error(Position(file), "the file is empty")
        elif _count(root, {}) > _MAX_NODES:
            problems.error(Position(file), f"it has more than {_MAX_NODES} values, with its aliases written out")
        else:
            return _node(_Source(file, text, problems), root, 0)
    except MarkedYAMLError as error:
        _not_valid(file, text, error, problems)
    except YAMLError as error:
        problems.error(Position(file), "this is not valid YAML: " + " ".join(str(error).split()))
    except RecursionError:
        problems.error(Position(file), _TOO_DEEP)
    return None


def _not_valid(file: str, text: str, error: MarkedYAMLError, problems: Problems) -> None:
    """Notes what the parser complains of; what is never closed is told where it begins."""
    reported = error.problem or error.context or ""
    mark = error.problem_mark or error.context_mark
    if "end of stream" in reported and error.context_mark is not None:
        mark = error.context_mark
    lines = text.split("\n")
    opened = error.context_mark
    if opened and mark and "flow" in (error.context or "") and _left_behind(lines, opened.line, mark.line):
        place = Position(file, opened.line + 1, opened.column + 1)
        problems.error(place, f"this is not valid YAML: '{lines[opened.line][opened.column]}' is never closed")
        return
    line, column = (mark.line, mark.column) if mark else (0, 0)
    advice = yaml_advice(reported, lines[line] if line < len(lines) else "", column)
    problems.error(Position(file, line + 1, column + 1), f"this is not valid YAML: {reported}", advice)


def _left_behind(lines: list[str], opened: int, noticed: int) -> bool:
    """Whether a bracket of line `opened` was forgotten: what is in it stands further right than its line."""
    inside = lines[opened + 1 : noticed + 1]
    indent = len(lines[opened]) - len(lines[opened].lstrip())
    return any(line.strip() and len(line) - len(line.lstrip()) <= indent for line in inside)


def _count(node: YamlNode, known: dict[int, int]) -> int:
    """How many values a document has once its aliases are written out; an alias inside itself counts as endless."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = _MAX_NODES + 1
    inner = [one for pair in node.value for one in pair] if isinstance(node, MappingNode) else node.value
    total = 1 + (0 if isinstance(node, ScalarNode) else sum(_count(one, known) for one in inner))
    known[id(node)] = total
    return total


@dataclass(frozen=True, slots=True)
class _Source:
    """The file that is read, its text, and where problems go."""

    file: str
    text: str
    problems: Problems

    def report(self, node: YamlNode, message: str, advice: str) -> None:
        """Notes a problem where a node begins."""
        mark = node.start_mark
        self.problems.error(Position(self.file, mark.line + 1, mark.column + 1), message, advice)

    def warn_of_comment(self, node: ScalarNode) -> None:
        """Notes a comment that cuts off a plain text in the place of being one."""
        prose = self.file.startswith("templates/")
        cut = cut_text(self.text, node.start_mark.index, node.end_mark.index, prose=prose)
        if cut is not None:
            index, whole = cut
            where = Position(self.file, self.text.count("\n", 0, index) + 1, index - self.text.rfind("\n", 0, index))
            self.problems.warning(where, "'#' begins a comment here: the text ends before it", quote_whole(whole))


def _node(source: _Source, node: YamlNode, depth: int) -> Node:
    start = node.start_mark
    position = Position(source.file, start.line + 1, start.column + 1)
    if depth > _MAX_DEPTH:
        source.problems.error(position, _TOO_DEEP)
        return Node(position)
    if isinstance(node, MappingNode):
        written_out = liquid(node, source.text, source.report)
        if written_out is None:
            return _mapping(source, node, position, depth)
        node = written_out
    if isinstance(node, SequenceNode):
        return Node(position, items=tuple(_node(source, item, depth + 1) for item in node.value))
    if not isinstance(node, ScalarNode):
        raise TypeError(f"unknown YAML node {type(node).__name__}")
    if not node.style:
        source.warn_of_comment(node)
    offset = len(node.style) if node.style in ("'", '"') else 0
    piece = source.text[start.index : node.end_mark.index]
    source_map = SourceMap(piece, node.style or "", position.line, position.column)
    return Node(position.right(offset), _scalar(node), node.value, source_map=source_map)


def _mapping(source: _Source, node: MappingNode, position: Position, depth: int) -> Node:
    file, problems = source.file, source.problems
    entries: dict[str, Node] = {}
    keys: dict[str, Position] = {}
    for key, value in whole_pairs(node, source.text, source.report):
        where = Position(file, key.start_mark.line + 1, key.start_mark.column + 1)
        if not isinstance(key, ScalarNode):
            problems.error(where, "a key must be a name")
            continue
        name = str(key.value)
        if key.tag is not None and str(key.tag).endswith(":merge"):
            problems.error(where, "merge keys ('<<') are not part of YAML 1.2", "write the fields here too")
            continue
        if name in entries:
            problems.error(where, f"'{name}' is here twice", "each key once")
        inner = _node(source, value, depth + 1)
        if isinstance(value, ScalarNode) and not value.value and value.start_mark.line > key.end_mark.line:
            # Nothing stands there: the next line is the wrong place to look.
            inner = replace(inner, position=Position(file, key.end_mark.line + 1, key.end_mark.column + 2))
        entries[name] = inner
        keys[name] = where
    return Node(position, entries=entries, keys=keys)


def _scalar(node: ScalarNode) -> Scalar:
    tag = str(node.tag).rsplit(":", 1)[-1]
    if tag == "bool":
        return str(node.value).lower() == "true"
    if tag == "null":
        return None
    try:
        if tag == "int":
            return int(node.value.replace("_", ""), 0)
        if tag == "float":
            return float(node.value.replace("_", ""))
    except ValueError:
        pass  # 0o17, .inf and the like: keep what is written
    return str(node.value)
