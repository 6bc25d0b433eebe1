"""Which questions are asked with which answers: what is not asked is not needed and not taken."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.survey_conditions import AllOf, AnyOf, Compare, Condition, Includes, Not, holds
from relevo_contracts.surveys import Question, Survey, answers_of, asked
from relevo_contracts.text_answers import answers_in_text
from tests.contracts.test_surveys import survey

REASON = Question(name="reason", kind="choice", options=("price", "problem"))
WENT_WRONG = Compare("reason", "==", "problem")
DETAIL = Question(name="detail", kind="text", when=WENT_WRONG)
LATER = Question(name="later", kind="choice", options=("yes", "no"), when=Compare("detail", "!=", ""))
CHAINED = survey(REASON, DETAIL, LATER)


@pytest.mark.parametrize(
    ("form", "answers", "faults"),
    [
        ({"reason": ["price"]}, {"reason": "price"}, {}),
        ({"reason": ["price"], "detail": ["Broken."], "later": ["yes"]}, {"reason": "price"}, {}),
        ({"reason": ["problem"]}, {"reason": "problem"}, {"detail": "missing"}),
        (
            {"reason": ["problem"], "detail": ["Broken."]},
            {"reason": "problem", "detail": "Broken."},
            {"later": "missing"},
        ),
        (
            {"reason": ["problem"], "detail": ["Broken."], "later": ["no"]},
            {"reason": "problem", "detail": "Broken.", "later": "no"},
            {},
        ),
        ({}, {}, {"reason": "missing"}),
        ({"reason": ["odd"], "detail": ["x"]}, {}, {"reason": "unknown"}),
    ],
)
def test_what_is_not_asked_is_not_needed_and_not_taken(
    form: dict[str, list[str]], answers: dict[str, str], faults: dict[str, str]
) -> None:
    assert answers_of(CHAINED, form) == (answers, faults)


def test_a_text_answers_where_what_it_leads_to_is_not_needed() -> None:
    assert answers_in_text(CHAINED, "1") == {"reason": "price"}
    assert answers_in_text(CHAINED, "2") is None


@pytest.mark.parametrize(
    ("condition", "true_for"),
    [
        (Compare("score", "<=", 2), [1, 2]),
        (Compare("score", ">", 3), [4, 5]),
        (Not(Compare("score", "==", 3)), [1, 2, 4, 5]),
        (AllOf((Compare("score", ">=", 2), Compare("score", "!=", 3))), [2, 4, 5]),
        (AnyOf((Compare("score", "<", 2), Compare("score", "==", 5))), [1, 5]),
        (Compare("score", "==", value=True), []),
    ],
)
def test_a_condition_holds_for_these_numbers(condition: Condition, true_for: list[int]) -> None:
    assert [one for one in range(1, 6) if holds(condition, {"score": one})] == true_for


def test_a_comparison_with_what_was_not_answered_is_false() -> None:
    for sign in ("==", "!=", "<", ">="):
        assert not holds(Compare("score", sign, 1), {})
    assert not holds(Includes("reasons", "price"), {})
    assert holds(Includes("reasons", "price"), {"reasons": ["other", "price"]})


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    st.builds(Compare, st.just("reason"), st.sampled_from(["==", "!="]), st.sampled_from(["price", "problem", 1, True]))
    | st.builds(Includes, st.just("reason"), st.just("price")),
    lambda inner: (
        st.builds(Not, inner) | st.builds(AllOf, st.tuples(inner, inner)) | st.builds(AnyOf, st.tuples(inner))
    ),
    max_leaves=6,
)


@given(CONDITIONS, st.dictionaries(st.sampled_from(["reason", "detail"]), st.lists(st.text(max_size=8), max_size=2)))
def test_any_condition_takes_what_is_asked_and_nothing_else(condition: Condition, form: dict[str, list[str]]) -> None:
    one = survey(REASON, Question(name="detail", kind="text", when=condition))
    read = msgspec.json.decode(msgspec.json.encode(one), type=Survey)
    assert read == one, "it is compiled, stored and read again"
    answers, faults = answers_of(read, form)
    names = {question.name for question in asked(read, answers)}
    assert answers.keys() | faults.keys() <= names
    assert names - {"reason"} <= answers.keys() | faults.keys()
