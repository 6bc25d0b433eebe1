"""PromQL as it is parsed: which metrics a query reads, by which labels."""

from typing import NamedTuple

from promql_parser import AggregateExpr, Call, Expr, MatrixSelector, VectorSelector, parse, walk

GROWING = {"rate", "increase", "irate"}


class Selection(NamedTuple):
    """A metric of a query, with the labels that it is chosen by."""

    name: str
    labels: frozenset[str]


class Query(NamedTuple):
    """What a query reads: all selections, what is asked how fast it grows, and the labels of `by` clauses."""

    selections: tuple[Selection, ...]
    growing: tuple[str, ...]
    grouped: frozenset[str]


def read(text: str) -> Query:
    """Raises `ValueError` if it is not PromQL."""
    selections: list[Selection] = []
    growing: list[str] = []
    grouped: set[str] = set()

    def visit(part: Expr) -> None:
        if isinstance(part, MatrixSelector):
            selections.append(_selection(part.vector_selector))
        elif isinstance(part, VectorSelector):
            selections.append(_selection(part))
        elif isinstance(part, AggregateExpr) and part.modifier is not None:
            grouped.update(part.modifier.labels)
        elif isinstance(part, Call) and part.func.name in GROWING:
            growing.extend(_selection(one.vector_selector).name for one in part.args if isinstance(one, MatrixSelector))

    walk(parse(text), visit)
    return Query(tuple(dict.fromkeys(selections)), tuple(dict.fromkeys(growing)), frozenset(grouped))


def _selection(selector: VectorSelector) -> Selection:
    return Selection(selector.name or "", frozenset(one.name for one in selector.matchers.matchers))
