"""What counts as the answer to a survey in what somebody writes: what is certain, in any script and language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.keywords import keyword_of
from relevo_contracts.sending import Answer
from relevo_contracts.surveys import Question, QuestionTexts, Survey, SurveyTexts
from relevo_contracts.text_answers import answers_in_text, numbered

SCORE = Question(name="score", kind="rating")
COMMENT = Question(name="comment", kind="text", optional=True)


def survey(first: Question, *others: Question, **labels: dict[str, str]) -> Survey:
    """A survey in the languages of the `labels` of its first question."""
    asked = {
        locale: {first.name: QuestionTexts(ask="?", options=options)} | {o.name: QuestionTexts(ask="?") for o in others}
        for locale, options in (labels or {"en": {}}).items()
    }
    locales = {locale: SurveyTexts(title="T", thanks="T", questions=one) for locale, one in asked.items()}
    return Survey(name="s", questions=(first, *others), expires=60, locales=locales)


RATED = survey(SCORE, COMMENT)
REASON = survey(
    Question(name="reason", kind="choice", options=("price", "quality", "other")),
    en={"price": "The price", "quality": "Quality", "other": "Something else"},
    es={"price": "El precio", "quality": "La calidad", "other": "Otra cosa"},
)
REASONS = survey(
    Question(name="reasons", kind="choices", options=("price", "quality", "other")),
    en={"price": "The price", "quality": "Quality", "other": "Something else"},
)
HELPED = survey(
    Question(name="helped", kind="yes_no"), en={"yes": "Yes", "no": "No"}, it={"yes": "Sì", "no": "No, affatto"}
)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        *(("5", 5), ("  5 \n", 5), ("5!", 5), ("5.", 5), ("(5)", 5), ("«4»", 4), ("5 ⭐", 5), ("🙂 3", 3), ("4/5", 4)),
        *(("5️⃣", 5), ("٤", 4), ("५", 5), ("\uff14", 4), ("5\n\nBest, Ana", 5), ("5\n-- \nAna", 5), ("\u200e5\u200e", 5)),
    ],
)
def test_a_number_of_the_scale_is_an_answer(text: str, score: int) -> None:
    assert answers_in_text(RATED, text) == {"score": score}


@pytest.mark.parametrize(
    "text",
    [
        *("", "6", "0", "-5", "5?", "5%", "#5", "05", "4.5", "4,5", "4 5", "4-5", "5 of 5", "5 stars", "five stars"),
        *("five", "⭐⭐⭐⭐⭐", "+5", "5€", "15:00", "5th", "4/7", "5\nand it was late", "order 5", "5" * 300, "STOP"),
    ],
)
def test_what_is_not_certain_is_none(text: str) -> None:
    assert answers_in_text(RATED, text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *(("1", "price"), ("3", "other"), ("the price", "price"), ("EL PRECIO!", "price"), ("quality", "quality")),
        *(("La calidad.", "quality"), ("otra  cosa", "other"), ("2️⃣", "quality")),
        *(("4", None), ("price or quality", None), ("the price?", None), ("not the price", None), ("1 2", None)),
    ],
)
def test_a_choice_is_answered_by_its_number_or_its_label_in_any_language(text: str, reason: str | None) -> None:
    assert answers_in_text(REASON, text) == ({"reason": reason} if reason else None)


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        *(("1", ["price"]), ("3, 1", ["price", "other"]), ("1 & 2", ["price", "quality"])),
        *(("quality", ["quality"]), ("Something else", ["other"]), ("1 9", None), ("1 late", None)),
    ],
)
def test_several_choices_are_numbers_or_one_label(text: str, reasons: list[str] | None) -> None:
    assert answers_in_text(REASONS, text) == ({"reasons": reasons} if reasons else None)


@pytest.mark.parametrize(
    ("text", "helped"), [("yes!", True), ("SI", True), ("Sì", True), ("no", False), ("no, affatto", False), ("1", None)]
)
def test_yes_and_no_are_answered_in_any_language_of_the_survey(text: str, helped: bool | None) -> None:
    assert answers_in_text(HELPED, text) == (None if helped is None else {"helped": helped})


def test_what_may_be_two_options_is_neither() -> None:
    sizes = survey(Question(name="size", kind="choice", options=("two", "one")), en={"two": "2", "one": "1"})
    assert answers_in_text(sizes, "1") is None
    crossed = survey(
        Question(name="q", kind="choice", options=("a", "b")),
        en={"a": "Once", "b": "Never"},
        es={"a": "Doce", "b": "Once"},
    )
    assert answers_in_text(crossed, "once") is None
    assert answers_in_text(crossed, "doce") == {"q": "a"}


def test_a_survey_with_more_to_answer_and_one_that_begins_with_words_are_not_answered() -> None:
    more = survey(SCORE, Question(name="again", kind="yes_no"))
    assert answers_in_text(more, "5") is None
    assert answers_in_text(survey(Question(name="why", kind="text")), "5") is None


@given(st.text(max_size=60))
def test_any_text_is_an_answer_of_the_survey_or_none(text: str) -> None:
    possible: list[tuple[Survey, list[Answer]]] = [(RATED, [1, 2, 3, 4, 5]), (HELPED, [True, False])]
    for one, values in possible:
        found = answers_in_text(one, text)
        assert found is None or found[one.questions[0].name] in values
    assert answers_in_text(REASONS, text) is None or any(character.isalnum() for character in text)


@given(
    st.integers(0, 10),
    st.sampled_from(["{}", " {} ", "{}!", "“{}”", "{}.\n", "{} 👍"]),
    st.sampled_from((0x30, 0x660, 0x966, 0xFF10)),
)
def test_a_number_in_any_digits_is_that_number(number: int, shape: str, zero: int) -> None:
    nps = survey(Question(name="score", kind="rating", scale=(0, 10)))
    written = "".join(chr(zero + int(digit)) for digit in str(number))
    assert answers_in_text(nps, shape.format(written)) == {"score": number}


def test_numbers_are_those_that_an_sms_shows() -> None:
    assert numbered(REASON.questions[0]) == {"price": "1", "quality": "2", "other": "3"}
    assert numbered(SCORE) == {}


def test_a_word_that_stops_is_seen_as_such_before_it_is_an_answer() -> None:
    assert keyword_of("Stop") is not None, "whoever asks for answers looks for it first"
