"""Surveys in compiled form: what the notifier asks in a mail and ingest asks on a page, without knowing YAML.

`answers_of` reads what a form was sent with; `answered_payload` is the type of what a workflow's own surveys are
answered with, so that a condition can be checked against the questions.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct, defstruct

from relevo_contracts.languages import language
from relevo_contracts.parts import Buyer
from relevo_contracts.sending import Answer, Sent, SurveyAnswered
from relevo_contracts.survey_conditions import Condition, holds
from relevo_contracts.text import clean

ANSWERED = "survey.answered"
ANSWER = "a"
"""The parameter of a link that says which answer to the first question was clicked."""
LONGEST_TEXT = 2000
"""Characters of an answer in words that are kept."""

QuestionKind: TypeAlias = Literal["rating", "choice", "choices", "yes_no", "text"]
Fault: TypeAlias = Literal["missing", "unknown"]
"""Why there is no answer: none was given, or one that the question does not have."""


class Question(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question. `scale` are the first and the last number of a rating, `options` the names of what can be chosen.

    A rating and a yes or no are never `optional`, nor asked under a condition (`when`): without an answer they would
    read as 0 and as no.
    """

    name: str
    kind: QuestionKind
    scale: tuple[int, int] = (1, 5)
    options: tuple[str, ...] = ()
    optional: bool = False
    when: Condition | None = None

    @property
    def values(self) -> tuple[str, ...]:
        """What a form or a link may answer, as text; nothing where words are asked for."""
        match self.kind:
            case "rating":
                return tuple(map(str, range(self.scale[0], self.scale[1] + 1)))
            case "yes_no":
                return ("yes", "no")
            case _:
                return self.options


class QuestionTexts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question in one language: what it asks, what the ends of its scale mean, what its options are called."""

    ask: str
    low: str = ""
    high: str = ""
    options: dict[str, str] = {}


class SurveyTexts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A survey in one language. `thanks` is the heading of what is shown after it, `after` what follows there."""

    title: str
    thanks: str
    intro: str = ""
    after: str = ""
    questions: dict[str, QuestionTexts] = {}


class Survey(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A survey. `expires` is for how many seconds after its message it can be answered; `locales` as in a template."""

    name: str
    questions: tuple[Question, ...]
    expires: int
    locales: dict[str, SurveyTexts]

    def locale_for(self, wanted: Sequence[str]) -> str:
        """Which of its languages serves the first of `wanted` (tags) that it has: that variety, else another one of
        the same language; then English; then the first there is.
        """
        known = {language(one): one for one in self.locales}
        for tag in (*map(language, wanted), "en"):
            nearest = (one for one in known if tag and one.partition("-")[0] == tag.partition("-")[0])
            if found := known.get(tag) or known.get(next(nearest, "")):
                return found
        return next(iter(self.locales))


def answers_of(survey: Survey, form: Mapping[str, Sequence[str]]) -> tuple[dict[str, Answer], dict[str, Fault]]:
    """The answers that a form was sent with, and what is wrong, by question. What is optional may be left out; of a
    question that is not asked with the answers before it nothing is taken.
    """
    answers: dict[str, Answer] = {}
    faults: dict[str, Fault] = {}
    for question in survey.questions:
        if not is_asked(question, answers):
            continue
        given = [text for one in form.get(question.name, ()) if (text := clean(one, LONGEST_TEXT))]
        if not given:
            if not question.optional:
                faults[question.name] = "missing"
        elif question.kind == "text":
            answers[question.name] = given[0]
        elif any(one not in question.values for one in given):
            faults[question.name] = "unknown"
        else:
            answers[question.name] = _answer(question, given)
    return answers, faults


def is_asked(question: Question, answers: Mapping[str, Answer]) -> bool:
    """Whether a question is asked of who gave these answers to those before it."""
    return question.when is None or holds(question.when, answers)


def asked(survey: Survey, answers: Mapping[str, Answer]) -> list[Question]:
    """The questions that are asked of who gave these answers, as `answers_of` takes them."""
    return [one for one in survey.questions if is_asked(one, answers)]


def _answer(question: Question, given: Sequence[str]) -> Answer:
    match question.kind:
        case "rating":
            return int(given[0])
        case "yes_no":
            return given[0] == "yes"
        case "choices":
            return [one for one in question.options if one in given]
        case _:
            return given[0]


def is_open(survey: Survey, sent: Sent, now: datetime) -> bool:
    """Whether the survey of a message can still be answered."""
    return now - datetime.fromtimestamp(sent.at, UTC) <= timedelta(seconds=survey.expires)


def answered(survey: Survey, sent: Sent, answers: Mapping[str, Answer]) -> SurveyAnswered:
    """What is said when the survey of a message is answered."""
    run_id, _, rest = sent.delivery.partition("/")
    return SurveyAnswered(
        customer=Buyer(),
        survey=survey.name,
        delivery_id=sent.delivery,
        run_id=run_id,
        workflow=sent.workflow,
        version=sent.version,
        step=sent.step or rest.rpartition("/")[0],
        template=sent.template,
        channel=sent.channel,
        sent_at=datetime.fromtimestamp(sent.at, UTC),
        answers=dict(answers),
    )


def answered_payload(surveys: Sequence[Survey]) -> type[Struct]:
    """`survey.answered` with the answers that these surveys have; the same questions give the same type."""
    return _payload(tuple({one.name: one for survey in surveys for one in survey.questions}.values()))


@lru_cache(maxsize=1024)
def _payload(questions: tuple[Question, ...]) -> type[Struct]:
    fields = [_field(one) for one in questions]
    answers = defstruct("SurveyAnswers", fields, frozen=True, kw_only=True, omit_defaults=True, module=__name__)
    return defstruct(
        "SurveyAnswered",
        [("answers", answers)],
        bases=(SurveyAnswered,),
        frozen=True,
        kw_only=True,
        omit_defaults=True,
        module=__name__,
    )


def _field(question: Question) -> tuple[str, Any, Any]:
    """A field of the answers. All may be absent: an answer is to one survey, and a workflow may have several."""
    chosen: Any = Literal.__getitem__(question.options) if question.options else str
    match question.kind:
        case "rating":
            least, most = question.scale
            return (question.name, Annotated[int, Meta(ge=least, le=most)] | None, None)
        case "yes_no":
            return (question.name, bool | None, None)
        case "choice":
            return (question.name, chosen | None, None)
        case "choices":
            return (question.name, list[chosen], msgspec.field(default_factory=list))
        case _:
            return (question.name, str | None, None)
