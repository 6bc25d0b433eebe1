"""What a form answers: whatever comes, the answers have the types that conditions are checked against."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.surveys import (
    Question,
    QuestionKind,
    QuestionTexts,
    Survey,
    SurveyTexts,
    answered_payload,
    answers_of,
)


def question(name: str, kind: QuestionKind, *, optional: bool = False, **more: tuple[str, ...]) -> Question:
    options = ("a", "b", "c") if kind in ("choice", "choices") else ()
    return Question(name=name, kind=kind, options=more.get("options", options), optional=optional)


def survey(*questions: Question, locales: tuple[str, ...] = ("en",)) -> Survey:
    texts = SurveyTexts(title="T", thanks="Th", questions={one.name: QuestionTexts(ask="?") for one in questions})
    return Survey(name="s", questions=questions, expires=60, locales=dict.fromkeys(locales, texts))


ALL = survey(*(question(kind, kind, optional=kind in ("choice", "choices", "text")) for kind in get_args(QuestionKind)))
GIVEN = {"rating": "4", "choice": "b", "choices": "c", "yes_no": "no", "text": "Fine."}


@pytest.mark.parametrize(
    ("kind", "given", "answer"),
    [
        ("rating", ["4"], 4),
        ("choice", ["b"], "b"),
        ("choices", ["c", "a", "c"], ["a", "c"]),
        ("yes_no", ["yes"], True),
        ("yes_no", ["no"], False),
        ("text", [" It was\r\nlate. "], "It was\nlate."),
    ],
)
def test_an_answer_has_the_type_of_its_question(kind: QuestionKind, given: list[str], answer: object) -> None:
    assert answers_of(survey(question("q", kind)), {"q": given}) == ({"q": answer}, {})


@pytest.mark.parametrize(
    ("kind", "given", "fault"),
    [
        ("rating", [], "missing"),
        ("text", ["  "], "missing"),
        ("rating", ["6"], "unknown"),
        ("rating", ["0"], "unknown"),
        ("rating", ["4.0"], "unknown"),
        ("yes_no", ["maybe"], "unknown"),
        ("choice", ["d"], "unknown"),
        ("choices", ["a", "d"], "unknown"),
    ],
)
def test_what_is_no_answer_is_a_fault(kind: QuestionKind, given: list[str], fault: str) -> None:
    assert answers_of(survey(question("q", kind)), {"q": given}) == ({}, {"q": fault})


def test_a_rating_from_0_to_10_has_both_ends() -> None:
    nps = Question(name="q", kind="rating", scale=(0, 10))
    assert (nps.values[0], nps.values[-1], len(nps.values)) == ("0", "10", 11)
    assert answers_of(survey(nps), {"q": ["0"]}) == ({"q": 0}, {})


@given(
    st.dictionaries(
        st.sampled_from([one.name for one in ALL.questions]),
        st.lists(st.sampled_from(["1", "5", "yes", "no", "a", "c", " ", ""]) | st.text(), max_size=4),
    )
)
def test_whatever_is_sent_the_answers_fit_their_type(form: dict[str, list[str]]) -> None:
    answers, faults = answers_of(ALL, form)
    assert not set(answers) & set(faults)
    data = msgspec.json.decode(
        msgspec.json.encode({"customer": {}, "survey": "s", "delivery_id": "d", "answers": answers})
    )
    assert msgspec.convert(data, answered_payload([ALL])) is not None
    whole, none = answers_of(
        ALL, {name: [value] for name, value in GIVEN.items()} | {k: v for k, v in form.items() if k in answers}
    )
    assert (set(whole), none) == (set(GIVEN), {})


def test_the_same_questions_give_the_same_type() -> None:
    one, other = (
        answered_payload([survey(question("q", "rating"))]),
        answered_payload([survey(question("q", "rating"))]),
    )
    assert one is other
    assert one is not answered_payload([survey(question("q", "text"))])


@pytest.mark.parametrize(
    ("wanted", "locale"),
    [
        (["pt-BR"], "pt-BR"), (["pt"], "pt-PT"), (["es-MX"], "es"), (["", "fr", "es"], "es"), (["fr"], "en"),
        ([], "en"),
        (["nonsense", "en_GB.UTF-8"], "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_nearest_that_there_is(wanted: list[str], locale: str) -> None:
    texts = survey(question("q", "rating"), locales=("pt-PT", "pt-BR", "es", "en"))
    assert texts.locale_for(wanted) == locale


def test_without_english_the_first_language_is_shown() -> None:
    assert survey(question("q", "rating"), locales=("de", "fr")).locale_for(["ja"]) == "de"
