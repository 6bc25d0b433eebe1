"""`if:` of a question is read and checked against the questions before it; what is wrong is said at its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.survey_conditions import AllOf, AnyOf, Compare, Condition, Includes, Not
from relevo_contracts.surveys import Question
from relevo_workflow.compiler.load import diagnose, load_workflow
from relevo_workflow.compiler.readers.survey_conditions import read_condition
from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.syntax.yaml_source import read_yaml
from relevo_workflow.testing.runner import run_tests
from tests.workflow.test_surveys import FILES, SURVEY, TEST

EARLIER = {
    one.name: one
    for one in (
        Question(name="score", kind="rating"),
        Question(name="again", kind="yes_no"),
        Question(name="reason", kind="choice", options=("price", "quality")),
        Question(name="reasons", kind="choices", options=("late", "broken"), optional=True),
        Question(name="comment", kind="text", optional=True),
    )
}


def read(text: str) -> tuple[Condition | None, list[str]]:
    problems = Problems()
    root = read_yaml("s.yaml", "if: " + repr(text).replace("\\'", "''") if "\n" not in text else "if: x", problems)
    assert root is not None
    assert root.entries is not None
    found = read_condition(root.entries["if"], EARLIER, problems)
    return found, [f"{one.position.column} {one.message}; {one.help}" for one in problems.found]


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("score <= 2", Compare("score", "<=", 2)),
        ("2 >= score", Compare("score", "<=", 2)),
        ("again", Compare("again", "==", value=True)),
        ("!again", Not(Compare("again", "==", value=True))),
        ("again == false", Compare("again", "==", value=False)),
        ('reason == "price"', Compare("reason", "==", "price")),
        ("reason != 'price'", Compare("reason", "!=", "price")),
        ('"late" in reasons', Includes("reasons", "late")),
        ('comment != ""', Compare("comment", "!=", "")),
        (
            'reason in ["price", "quality"]',
            AnyOf((Compare("reason", "==", "price"), Compare("reason", "==", "quality"))),
        ),
        (
            "score < 3 && (again || !(score == 1))",
            AllOf(
                (
                    Compare("score", "<", 3),
                    AnyOf((Compare("again", "==", value=True), Not(Compare("score", "==", 1)))),
                )
            ),
        ),
    ],
)
def test_a_condition_is_read(text: str, condition: Condition) -> None:
    assert read(text) == (condition, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scor <= 2", "there is no earlier question 'scor'; did you mean 'score'?"),
        ("later == 1", "there is no earlier question 'later'; known here: again, comment"),
        ("score == 7", "'score' (rating) is never 7; 1 to 5"),
        ('score == "a"', "'score' (rating) is never 'a'"),
        ("score", "'score' is a rating: compare it"),
        ("score <= 2.5", "'2.5' is not a whole number"),
        ("again == 1", "'again' (yes_no) is never 1; true or false"),
        ('reason == "prize"', "'reason' (choice) is never 'prize'; did you mean 'price'?"),
        ('reason < "price"', "'<' can't be applied to a choice"),
        ('reasons == "late"', "'reasons' has several answers; \"late\" in reasons"),
        ('"price" in reason', "'reason' is a choice, not a list of choices"),
        ('"lat" in reasons', "'reasons' (choices) is never 'lat'; did you mean 'late'?"),
        ('comment == "x"', "'comment' (text) is never 'x'; only comment"),
        ("score <=", "a number, a text, true or false is needed here"),
        ("score <= 2 &&", "the name of an earlier question is needed here"),
        ("score <= 2 again", "'again' is not understood here"),
        ("(score <= 2", "')' is missing"),
        ("reason in []", "the list has no value"),
        ("size(comment) > 3", "there is no earlier question 'size'"),
        ("!" * 30 + "again", "nested too deeply"),
        ("", "the name of an earlier question is needed here"),
    ],
)
def test_what_a_condition_can_t_say_is_told(text: str, said: str) -> None:
    found, problems = read(text)
    assert found is None
    assert len(problems) == 1
    assert said in problems[0]


PIECES = ("score", "again", "reason", "&&", "||", "!", "(", ")", "[", "]", "in", "==", "<", "1", '"price"', "true", ",")


@given(
    st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join) | st.text(st.characters(codec="ascii"), max_size=30)
)
def test_any_text_is_a_condition_or_one_problem(text: str) -> None:
    found, problems = read(text.replace("\\", "").replace("\n", " "))
    assert (found is None) == (len(problems) == 1)


CONDITIONAL = SURVEY.replace("{type: text, optional: true}", "{type: text, if: 'score <= 2 && \"price\" in reasons'}")


def test_a_survey_has_questions_under_conditions() -> None:
    survey = load_workflow({**FILES, "surveys/quality.yaml": CONDITIONAL}).templates["ask"].survey
    assert survey is not None
    assert survey.questions[3].when == AllOf((Compare("score", "<=", 2), Includes("reasons", "price")))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("{type: rating}→{type: rating, if: 'again'}", "a rating is always asked: where it is not, it would read as 0"),
        (
            "{type: yes_no}→{type: yes_no, if: 'score > 3'}",
            "a yes_no is always asked: where it is not, it would read as no",
        ),
        ("score <= 2→scor <= 2", "surveys/quality.yaml:6:30 there is no earlier question 'scor'"),
        ("optional: true}→optional: true, if: comment}", "there is no earlier question 'comment'"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(change: str, said: str) -> None:
    old, _, new = change.partition("→")
    assert old in CONDITIONAL
    _, problems = diagnose({**FILES, "surveys/quality.yaml": CONDITIONAL.replace(old, new, 1)})
    told = [f"{one.position.file}:{one.position.line}:{one.position.column} {one.message}" for one in problems]
    assert any(said in one for one in told), told


def test_two_surveys_may_ask_the_same_under_other_conditions() -> None:
    second = CONDITIONAL.replace("score <= 2", "score <= 3")
    _, problems = diagnose({**FILES, "surveys/quality.yaml": CONDITIONAL, "surveys/second.yaml": second})
    assert not [one for one in problems if one.severity == "error"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ("{score: 2, again: true, reasons: [price], comment: Dear.}", ""),
        ("{score: 3, again: true}", ""),
        ("{score: 2, again: true, reasons: [price]}", "'quality' is not answered without 'comment'"),
        ("{score: 3, again: true, comment: Dear.}", "with these answers 'quality' does not ask 'comment'"),
    ],
)
def test_a_test_answers_what_is_asked(answers: str, said: str) -> None:
    flow = load_workflow({**FILES, "surveys/quality.yaml": CONDITIONAL})
    suite = TEST.format(events=f"{{at: +1h, answered: ask, answers: {answers}}}", expect="{runs: 1}")
    [one] = run_tests(flow, {"tests/a.yaml": suite}).results
    assert [said in str(failure) for failure in one.failures] == ([True] if said else [])
