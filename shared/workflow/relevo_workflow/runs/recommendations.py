"""Puts recommendations into the messages of a decision, and says in its trace why these. Pure."""

from collections.abc import Mapping

from msgspec import structs

from relevo_workflow.model.catalogue import Product
from relevo_workflow.model.decision import Check, Decision
from relevo_workflow.model.effects import Effect, Send
from relevo_workflow.model.recommendations import Rankings, Recommend, Recommended, as_item, choose


def recommends(decision: Decision) -> bool:
    """Whether a message of the decision still asks for recommendations."""
    for one in decision.effects:  # noqa: SIM110 - every decision comes by here, and a loop costs the least
        if isinstance(one, Send) and one.recommend is not None:
            return True
    return False


def with_recommendations(
    decision: Decision, rankings: Mapping[str, Rankings], products: Mapping[str, Product]
) -> Decision:
    """The decision whose messages have what they asked for, by the effect's id; `products` are those of the rankings.

    A message for which there is too little is left out. The trace says of each which products and why, or that.
    """
    effects, trace = list[Effect](), list(decision.trace)
    for effect in decision.effects:
        if not isinstance(effect, Send) or effect.recommend is None:
            effects.append(effect)
            continue
        found = choose(effect.recommend, rankings.get(effect.id, {}), products)
        trace.append(_check(effect, effect.recommend, found))
        if len(found) >= effect.recommend.least:
            items = [as_item(one.product) for one in found]
            context = {**effect.context, "recommendations": items}
            effects.append(structs.replace(effect, context=context, recommend=None))
    return structs.replace(decision, effects=tuple(effects), trace=tuple(trace))


def _check(effect: Send, wanted: Recommend, found: list[Recommended]) -> Check:
    """Which products, from which source and with which score."""
    error = ""
    if len(found) < wanted.least:
        error = (
            f"{len(found)} of at least {wanted.least} products are left to recommend: '{effect.template}' is not sent"
        )
    return Check(
        at=effect.step,
        expression=_asked(wanted),
        value=[one.product.product_id for one in found],
        fields={one.product.product_id: f"{one.source} {one.score:.3g}" for one in found},
        error=error,
    )


def _asked(wanted: Recommend) -> str:
    """What a message asked for, in words."""
    words = f"recommend {', '.join(wanted.sources)}"
    if wanted.of:
        words += f" for {', '.join(wanted.of)}"
    if wanted.categories:
        words += f" in {', '.join(wanted.categories)}"
    if wanted.interests:
        words += f" of interest: {', '.join(f'{name} ({share:.0%})' for name, share in wanted.interests)}"
    return words
