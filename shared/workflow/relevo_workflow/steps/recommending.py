"""`recommend` of a step that sends: which products go into the message, chosen when it is decided."""

from dataclasses import dataclass

from relevo_workflow.expressions.expression import Expression
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.interests import interests
from relevo_workflow.model.recommendations import (
    MOST_RECOMMENDED,
    SOURCES,
    Recommend,
    RecommendationSource,
    bought,
    category_names,
    product_ids,
)
from relevo_workflow.steps.reading import StepReading
from relevo_workflow.syntax.declared_fields import count_field, node_field, schema_of
from relevo_workflow.syntax.diagnostics import suggestion
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.json_shapes import EXPRESSION, one_or_more

_MOST_SEEDS = 20
_MOST_CATEGORIES = 10
_BY_PRODUCTS: tuple[RecommendationSource, ...] = ("also_bought", "related", "best_sellers")
_BY_CATEGORIES: tuple[RecommendationSource, ...] = ("related", "best_sellers")
_EXAMPLE = "recommend: {of: trigger.items, by: [also_bought, best_sellers], most: 4}"


@dataclass(frozen=True, slots=True)
class Recommending:
    """What a message recommends: as in `Recommend`, with the expressions `of` and `categories`."""

    of: Expression | None
    categories: Expression | None
    sources: tuple[RecommendationSource, ...]
    most: int
    least: int

    def at(self, scope: Scope) -> Recommend:
        """What is asked for in `scope`. What `of` can't say is nothing."""
        value = self.of.evaluate(scope).value if self.of is not None else ()
        named = self.categories.evaluate(scope).value if self.categories is not None else ()
        return Recommend(
            of=tuple(dict.fromkeys(product_ids(value)))[:_MOST_SEEDS],
            categories=tuple(dict.fromkeys(category_names(named)))[:_MOST_CATEGORIES],
            interests=interests(scope.facts, scope.now) if "interest" in self.sources else (),
            sources=self.sources,
            most=self.most,
            least=self.least,
            without=bought(scope.facts),
        )


OF = node_field(
    "of", EXPRESSION, "products that it should go with: lines of an order, ids, or one id", holds="expression"
)
CATEGORIES = node_field(
    "categories", EXPRESSION, "categories of which `related` has the best sellers: a list, or one", holds="expression"
)
BY = node_field(
    "by",
    one_or_more({"enum": list(SOURCES)}),
    f"where they come from, one after the other until there are enough: `{'`, `'.join(SOURCES)}`",
)
MOST = count_field("most", 4, f"how many at most, up to {MOST_RECOMMENDED}")
LEAST = count_field("least", 1, "with fewer the message is not sent", least=0)
RECOMMEND = node_field(
    "recommend",
    schema_of((OF, CATEGORIES, BY, MOST, LEAST)),
    "products that the texts have as `recommendations`: `of`, `categories`, `by`, `most`, `least`"
    " ([recommendations.md](recommendations.md))",
    holds="values",
)


def read_recommend(fields: Fields, templates: tuple[str, ...], reading: StepReading) -> Recommending | None:
    """What a step recommends; its templates show it, and templates that show it have a step that does."""
    node = RECOMMEND.read(fields)
    shown = [
        one for one in templates if any(path[0] == "recommendations" for path in reading.workflow.paths.get(one, ()))
    ]
    if node is None:
        if shown:
            fields.wrong("template", f"'{shown[0]}' shows 'recommendations', and this step has none", _EXAMPLE)
        return None
    for one in templates:
        if one and one not in shown and one not in reading.workflow.broken and one in reading.workflow.channels:
            fields.wrong("recommend", f"'{one}' does not show 'recommendations'", "items: recommendations")
    inner = Fields(node, reading.problems, "'recommend'", _EXAMPLE)
    of = OF.read(inner)
    seeds = reading.workflow.expression(of, reading.environment, want=("LIST", "STRING")) if of is not None else None
    of_categories = CATEGORIES.read(inner)
    categories = None
    if of_categories is not None:
        categories = reading.workflow.expression(of_categories, reading.environment, want=("LIST", "STRING"))
    sources = _sources(inner, of=of is not None, categories=of_categories is not None)
    most, least = MOST.read(inner), LEAST.read(inner)
    if most > MOST_RECOMMENDED:
        inner.wrong("most", f"a message recommends {MOST_RECOMMENDED} products at most", f"most: {MOST_RECOMMENDED}")
    if least > most:
        inner.wrong("least", f"'least' is more than 'most', which is {most}", f"least: {most}")
    inner.done()
    return Recommending(seeds, categories, sources, most, least)


def _sources(fields: Fields, *, of: bool, categories: bool) -> tuple[RecommendationSource, ...]:
    """The sources in their order; without `by` those for which the step has products or categories."""
    given = BY.read(fields)
    if given is None:
        return _BY_PRODUCTS if of else _BY_CATEGORIES if categories else ("best_sellers",)
    found = list[RecommendationSource]()
    for node in given.items if given.items is not None else (given,):
        source = next((one for one in SOURCES if one == node.text), None)
        if source is None:
            message = f"there is no recommendation by '{node.text}'" if node.text else f"this is {node.kind}"
            fields.problems.error(node.position, message, suggestion(node.text, SOURCES))
        elif source in found:
            fields.problems.error(node.position, f"'{source}' is there twice", "each source once")
        elif not of and (source == "also_bought" or (source == "related" and not categories)):
            fields.problems.error(node.position, f"'{source}' needs products that it goes with", "of: trigger.items")
        else:
            found.append(source)
    if given.items == ():
        fields.wrong("by", "'by' must name at least one source", ", ".join(SOURCES))
    return tuple(found)
