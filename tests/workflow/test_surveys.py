"""Surveys beside a workflow: what a file may say, what conditions may name of the answers, and answers in tests."""

import pytest

from relevo_contracts.payloads import SurveyAnswered
from relevo_workflow.compiler.load import diagnose, load_workflow, version_of
from relevo_workflow.syntax.diagnostics import WorkflowError
from relevo_workflow.testing.runner import SuiteResult, run_tests
from tests.workflow.shop import Customer

FLOW = """\
workflow: flow
key: trigger.order_id
trigger: {event: order.placed}
steps:
  - send: {channel: email, template: ask, purpose: transactional}
  - wait_for:
      - event: survey.answered
        where: event.run_id == run.id && event.answers.score < 3 && "price" in event.answers.reasons
        steps: [{stop: too dear}]
      - event: survey.answered
        where: event.run_id == run.id && event.answers.again
        steps: [{stop: comes back}]
      - event: survey.answered
        where: event.run_id == run.id
        as: answer
        steps: [{send: {channel: email, template: thanks, purpose: transactional}}, {stop: answered}]
      - timeout: 3d
        steps: [{stop: silent}]
"""
SURVEY = """\
expires: 30d
questions:
  score: {type: rating}
  again: {type: yes_no}
  reasons: {type: choices, options: [price, quality], optional: true}
  comment: {type: text, optional: true}
en:
  title: How was it?
  thanks: Thank you
  questions:
    score: {ask: How happy are you?, low: Not at all, high: Very}
    again: {ask: Would you buy again?, options: {yes: Yes, no: No}}
    reasons: {ask: Why?, options: {price: The price, quality: The quality}}
    comment: {ask: What else?}
"""
COLUMN = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"
PAGE = COLUMN.format("<mj-text>{{ survey.url }}</mj-text>")
TEXT = "{{ text.body }}{% if survey %} {{ survey.question }} {{ survey.options.first.url }}{% endif %}"
FILES = {
    "workflow.yaml": FLOW,
    "surveys/quality.yaml": SURVEY,
    "templates/ask.yaml": "channel: email\nlayout: plain\nsurvey: quality\nen: {subject: Well?, body: [Tell us.]}\n",
    "templates/thanks.yaml": "channel: email\nlayout: plain\n"
    'en: {subject: "{{ run.answer.answers.score }} of 5", body: ["{{ run.answer.answers.comment }}"]}\n',
    "layouts/plain.mjml": PAGE,
    "layouts/plain.txt": TEXT,
}
TEST = """\
given:
  start: 2026-03-10 10:00
  customer: {{email: ana@example.com}}
  trigger: {{event: order.placed, data: {{order_id: o-1}}}}
tests:
  - name: one
    events: [{events}]
    expect: {expect}
"""


def found(**changes: str) -> list[str]:
    """What is said of the files, each with its place. A change is `path__ending="old→new"`."""
    files = dict(FILES)
    for name, change in changes.items():
        path = {"flow": "workflow.yaml", "survey": "surveys/quality.yaml", "ask": "templates/ask.yaml"}.get(name, name)
        old, _, new = change.partition("→")
        assert old in files[path]
        files[path] = files[path].replace(old, new)
    _, problems = diagnose(files)
    return [
        f"{one.position.file}:{one.position.line}:{one.position.column} {one.severity} {one.message}; {one.help}"
        for one in problems
    ]


def ran(events: str, expect: str) -> SuiteResult:
    return run_tests(load_workflow(FILES), {"tests/a.yaml": TEST.format(events=events, expect=expect)})


def test_a_survey_that_is_right_is_found_so() -> None:
    assert found() == []
    definition = load_workflow(FILES)
    survey = definition.templates["ask"].survey
    assert survey is not None
    assert (survey.name, survey.expires, len(survey.questions)) == ("quality", 30 * 86_400, 4)
    assert definition.templates["thanks"].survey is None
    assert definition.version != version_of({**FILES, "surveys/quality.yaml": SURVEY.replace("30d", "31d")})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("event.answers.score < 3→event.answers.scor < 3", "has no field 'scor'; did you mean 'score'?"),
        ("event.answers.score < 3→event.answers.score < 'a'", "'<' can't be applied to int and string"),
        ("event.answers.again→event.answers.comment", "bool"),
        ('"price" in event→"prise" in event', "is never 'prise'"),
    ],
)
def test_conditions_are_checked_against_the_questions(change: str, said: str) -> None:
    [one] = found(flow=change)
    assert one.startswith("workflow.yaml:")
    assert said in one


def test_texts_are_checked_against_the_questions() -> None:
    [one] = found(**{"templates/thanks.yaml": "answers.comment→answers.coment"})
    assert "templates/thanks.yaml:3" in one
    assert "'coment'" in one


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "type: rating→type: ratings",
            "surveys/quality.yaml:3:17 error 'type' can't be 'ratings'; did you mean 'rating'?",
        ),
        ("{type: rating}→{type: rating, scale: 6}", "surveys/quality.yaml:3:32 error 'scale' can't be '6'"),
        ("{type: rating}→{type: rating, optional: true}", "a rating must be answered"),
        ("{type: yes_no}→{type: yes_no, optional: true}", "it would read as no"),
        ("options: [price, quality]→options: [price]", "there must be from 2 to 20 options"),
        ("options: [price, quality]→options: [price, price]", "there must be from 2 to 20 options"),
        ("options: [price, quality], →", "the question 'reasons' need 'options'"),
        ("  score: {type→  Score: {type", "'Score' can't be named in a condition"),
        ("  score: {type→  in: {type", "'in' can't be named in a condition"),
        ("thanks: Thank→thank: Thank", "the texts in 'en' have no field 'thank'; did you mean 'thanks'?"),
        ("ask: How→asks: How", "have no field 'asks'; did you mean 'ask'?"),
        ("{ask: What else?}→{ask: ''}", "'ask' can't be empty"),
        ("price: The price, →", "'options' of 'reasons' needs 'price'"),
        ("    comment: {ask→    remark: {ask", "has no field 'remark'"),
        ("What else?→'Dear {{ customer.first_name }}'", "'ask' of a survey is shown as it is, without Liquid"),
        ("en:→de:", "there are no English texts to fall back on"),
        ("expires: 30d→expires: soon", "surveys/quality.yaml:1:10 error"),
    ],
)
def test_what_a_survey_can_t_say_is_told_with_its_place(change: str, said: str) -> None:
    assert any(said in one for one in found(survey=change)), found(survey=change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("survey: quality→survey: qality", "there is no survey 'qality'; did you mean 'quality'?"),
        ("en: {→de: {subject: A, body: [B]}\nen: {", "the survey 'quality' has no texts in 'de'"),
        ("survey: quality\n→", "no template asks the survey 'quality'"),
    ],
)
def test_a_template_asks_a_survey_that_is_there_in_its_languages(change: str, said: str) -> None:
    assert any(said in one for one in found(ask=change)), found(ask=change)


def test_who_reads_can_answer_and_the_layout_has_to_show_it() -> None:
    hidden = found(**{"layouts/plain.mjml": "survey.url→text.body"})
    assert hidden == [
        "templates/ask.yaml:3:1 error layouts/plain.mjml does not show the survey; "
        "{{ survey.url }}, or a link for each answer"
    ]
    push = {**FILES, "templates/ask.yaml": "channel: push\nsurvey: quality\nen: {title: Well?, text: Well?}\n"}
    with pytest.raises(WorkflowError, match="only an e-mail or an SMS can ask a survey"):
        load_workflow(push)


def test_an_sms_asks_one_question_that_a_number_or_a_label_answers() -> None:
    ask = "channel: sms\nsurvey: short\nen: {text: Well?}\n"
    sms = {**FILES, "templates/text.yaml": ask.replace("short", "quality")}
    with pytest.raises(WorkflowError, match="'quality' is not answered without 'again'"):
        load_workflow(sms)
    alone = "questions: {q: {type: KIND}}\nen: {title: T, thanks: T, questions: {q: {ask: How was it?}}}\n"
    sms["templates/text.yaml"] = ask
    assert load_workflow({**sms, "surveys/short.yaml": alone.replace("KIND", "rating")}).templates["text"].survey
    with pytest.raises(WorkflowError, match="'q' is answered in words, which an SMS can't ask"):
        load_workflow({**sms, "surveys/short.yaml": alone.replace("KIND", "text")})


def test_two_surveys_of_a_workflow_may_share_a_question_of_one_kind() -> None:
    second = {"surveys/second.yaml": SURVEY}
    assert not [one for one in diagnose({**FILES, **second})[1] if one.severity == "error"]
    other = {"surveys/second.yaml": SURVEY.replace("{type: rating}", "{type: rating, scale: nps}")}
    [one] = [one for one in diagnose({**FILES, **other})[1] if one.severity == "error"]
    assert one.message == "another survey of this workflow has a question 'score' of another kind"


def test_a_workflow_without_surveys_hears_of_the_answers_to_others() -> None:
    flow = """\
workflow: critics
trigger: {event: survey.answered, when: event.workflow == "flow" && event.answers.score < 3}
steps: [{stop: heard}]
"""
    definition = load_workflow({"workflow.yaml": flow})
    assert definition.types["survey.answered"] is SurveyAnswered
    test = """\
given: {start: 2026-03-10 10:00, customer: {email: ana@example.com}}
tests:
  - name: a bad score
    events:
      - {at: +1h, event: survey.answered, data: {survey: s, workflow: flow, delivery_id: r/s, answers: {score: 2}}}
    expect: {runs: 1}
  - name: a good one
    events:
      - {at: +1h, event: survey.answered, data: {survey: s, workflow: flow, delivery_id: r/s, answers: {score: 3}}}
    expect: {runs: 0}
  - name: another question
    events:
      - {at: +1h, event: survey.answered, data: {survey: s, workflow: flow, delivery_id: r/s, answers: {other: 1}}}
    expect: {runs: 0}
"""
    result = run_tests(definition, {"tests/a.yaml": test})
    assert result.passed, result


@pytest.mark.parametrize(
    ("events", "expect"),
    [
        ("{at: +5h, answered: ask, answers: {score: 2, again: false, reasons: [price]}}", "{end: {reason: too dear}}"),
        ("{at: +5h, answered: send-ask, answers: {score: 2, again: true}}", "{end: {reason: comes back}}"),
        (
            "{at: +5h, answered: ask, answers: {score: 2, again: false, comment: Late.}}",
            "{sends: [{email: ask}, {subject: 2 of 5, text: Late.}], end: {reason: answered}}",
        ),
        ("", "{sends: [{email: ask, text: {contains: ['How happy are you?', '?a=1']}}], end: {reason: silent}}"),
    ],
)
def test_an_answer_moves_the_run_that_asked(events: str, expect: str) -> None:
    result = ran(events, expect)
    assert result.passed, result


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ("{at: +5h, answered: aks, answers: {score: 2, again: true}}", "there is no message 'aks' by then"),
        ("{at: +5h, answered: ask, answers: {score: 5, again: x}}", "this does not fit 'quality': answers.again"),
        ("{at: +5h, answered: ask, answers: {score: 2}}", "'quality' is not answered without 'again'"),
        ("{at: +5h, answered: ask, answers: {score: 9, again: true}}", "this does not fit 'quality': answers.score"),
        (
            "{at: +5h, answered: ask, answers: {score: 4, again: false}}, "
            "{at: +6h, answered: thanks, answers: {score: 4, again: false}}",
            "'thanks' asks no survey",
        ),
    ],
)
def test_an_answer_that_nobody_can_give_is_told(events: str, said: str) -> None:
    [one] = ran(events, "{runs: 1}").results
    assert any(said in str(failure) for failure in one.failures), one.failures


def test_the_decision_tells_by_which_answers_the_run_went_on() -> None:
    customer = Customer(load_workflow(FILES)).does("order.placed", order_id="o-1")
    (run,) = customer.simulation.runs.values()
    answers = {"score": 2, "again": False, "comment": "Late."}
    customer.does(
        "survey.answered", "5h", survey="quality", workflow="flow", delivery_id="r/s", run_id=run.id, answers=answers
    )
    checks = {check.at: check for decision in customer.simulation.decisions for check in decision.trace}
    told = [check for check in checks.values() if check.expression == "event.answers"]
    assert [check.value for check in told] == [answers]
