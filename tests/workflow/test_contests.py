"""Splits that a variant may win: how they are written, and what a winner makes of a definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_workflow import Definition, Diagnostic, contests, diagnose, load_workflow, with_winners
from relevo_workflow.steps.split import Split

OFFER = """
workflow: offer
trigger: {event: checkout.started}
goal: {event: order.placed, within: 5d}
steps:
  - id: price
    split:
      variants:
        - {name: low, weight: 1, steps: [{set: {attributes: {offer: low}}}]}
        - {name: high, weight: 3}
        - {name: none, weight: 0}
      winner: {after: 14d, least: 50}
"""


def _offer(text: str = OFFER) -> Definition:
    return load_workflow({"workflow.yaml": text})


def _errors(text: str) -> list[Diagnostic]:
    return [one for one in diagnose({"workflow.yaml": text})[1] if one.severity == "error"]


def test_variants_with_a_rule_are_a_contest_of_those_that_somebody_gets() -> None:
    (contest,) = contests(_offer())
    assert (contest.step, contest.variants, contest.after.days, contest.least) == ("price", ("low", "high"), 14, 50)


def test_a_list_of_variants_is_none() -> None:
    text = OFFER.replace("      winner: {after: 14d, least: 50}\n", "")
    assert contests(_offer(text)) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{after: 14d, least: 50}", "{least: 50}", "after"),
        ("{after: 14d, least: 50}", "{after: 14d, by: luck}", "luck"),
        ("{after: 14d, least: 50}", "{after: 14d, least: 0}", "least"),
        ("{after: 14d, least: 50}", "{after: 14d, until: 3d}", "until"),
        ("{after: 14d, least: 50}", "soon", "winner"),
        ("      winner:", "      wins:", "wins"),
        ("goal: {event: order.placed, within: 5d}\n", "", "a winner by goal needs a goal"),
        ("least: 50}", "by: revenue}", "a winner by revenue needs what the goal is worth"),
        ("variants:", "arms:", "at least two variants"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, said: str) -> None:
    errors = _errors(OFFER.replace(old, new))
    assert any(said in str(one) for one in errors)


def test_clicks_need_no_goal() -> None:
    text = OFFER.replace("goal: {event: order.placed, within: 5d}\n", "")
    (contest,) = contests(_offer(text.replace("least: 50}", "by: clicks}")))
    assert contest.by == "clicks"


@given(st.sampled_from(["low", "high", "none", "gone", ""]), st.sampled_from(["price", "other"]))
def test_only_a_winner_that_takes_part_changes_something_and_the_version_never(variant: str, step: str) -> None:
    definition = _offer()
    decided = with_winners(definition, {step: variant})
    split = decided.program.steps["price"]
    assert isinstance(split, Split)
    wins = step == "price" and variant in {"low", "high"}
    assert split.labels() == ([variant] if wins else ["low", "high"])
    assert decided.version == definition.version
    assert (decided is definition) is not wins
