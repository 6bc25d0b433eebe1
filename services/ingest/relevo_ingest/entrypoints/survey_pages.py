"""The page of a survey as HTML: one form without a script, a group with a legend for each question, real labels."""

from collections.abc import Mapping, Sequence
from html import escape

from msgspec import Struct

from relevo_contracts.surveys import (
    LONGEST_TEXT,
    Fault,
    Question,
    QuestionTexts,
    Survey,
    SurveyTexts,
    answers_of,
    asked,
)
from relevo_ingest.entrypoints.pages import Visit, whole_page
from relevo_ingest.entrypoints.survey_texts import SURVEY_TEXTS, SurveyPageTexts

SEND = "send"
CHANGE = "change"
SHOWN = "shown"
"""The field with the names of the questions that the page has."""
PREFIX = "q-"
"""Before the name of a question, for its fields and ids in the page."""


class Form(Struct, frozen=True, kw_only=True):
    """The form as it is shown: what is filled in and what is wrong with it, by question, and the page's mark.

    `more` are questions that the page has only now, since what was answered leads to them.
    """

    page: str
    given: Mapping[str, Sequence[str]] = {}
    faults: Mapping[str, Fault] = {}
    more: frozenset[str] = frozenset()


def survey_form(visit: Visit, survey: Survey, form: Form) -> str:
    """The questions that are asked with what is filled in. Opening the page answers none of them."""
    texts, words = survey.locales[visit.locale], _words(visit)
    questions = asked(survey, answers_of(survey, form.given)[0])
    groups = "".join(_Group(one, texts.questions[one.name], form, words).html() for one in questions)
    intro = f"<p>{escape(texts.intro)}</p>" if texts.intro else ""
    body = (
        f'{intro}{_summary(survey, texts, form, words)}<form method="post" class="stack">'
        f'<input type="hidden" name="page" value="{escape(form.page)}">'
        f'<input type="hidden" name="{SHOWN}" value="{" ".join(one.name for one in questions)}">{groups}'
        f'<div><button name="do" value="{SEND}">{escape(words.send)}</button></div></form>'
    )
    return whole_page(visit, texts.title, body)


def thanks(visit: Visit, survey: Survey, form: Form) -> str:
    """It was answered; a button shows the form again as it was sent."""
    texts, words = survey.locales[visit.locale], _words(visit)
    hidden = "".join(
        f'<input type="hidden" name="{PREFIX}{escape(name)}" value="{escape(one)}">'
        for name, given in form.given.items()
        for one in given
    )
    after = f"<p>{escape(texts.after)}</p>" if texts.after else ""
    change = f'<button name="do" value="{CHANGE}" class="quiet">{escape(words.change)}</button>'
    body = f'<div role="status">{after}</div><form method="post">{hidden}{change}</form>'
    return whole_page(visit, texts.thanks, body)


def ended(visit: Visit) -> str:
    """It can't be answered any more."""
    words = _words(visit)
    return whole_page(visit, words.ended, f"<p>{escape(words.ended_more)}</p>")


def _words(visit: Visit) -> SurveyPageTexts:
    return SURVEY_TEXTS[visit.language]


def _summary(survey: Survey, texts: SurveyTexts, form: Form, words: SurveyPageTexts) -> str:
    """What is wrong, or asked only now, with a way to each place."""
    named = [one for one in survey.questions if one.name in (form.faults or form.more)]
    links = "".join(
        f'<li><a href="#{PREFIX}{one.name}">{escape(texts.questions[one.name].ask)}</a></li>' for one in named
    )
    if not named:
        return ""
    if form.faults:
        return f'<div role="alert"><p class="error">{escape(words.wrong)}</p><ul>{links}</ul></div>'
    return f'<div role="status"><p>{escape(words.more)}</p><ul>{links}</ul></div>'


class _Group(Struct, frozen=True):
    """One question."""

    question: Question
    texts: QuestionTexts
    form: Form
    words: SurveyPageTexts

    @property
    def name(self) -> str:
        """That of its fields."""
        return f"{PREFIX}{self.question.name}"

    def html(self) -> str:
        """Its part of the form."""
        note = f' <span class="note">{escape(self.words.optional)}</span>' if self.question.optional else ""
        asked = f"{escape(self.texts.ask)}{note}"
        wrong = self.question.name in self.form.faults
        error = f'<p class="error" id="{self.name}-error">{escape(self.words.missing)}</p>' if wrong else ""
        described = f' aria-describedby="{self.name}-error"' if wrong else ""
        if self.question.kind == "text":
            return f'<div><label class="above" for="{self.name}">{asked}</label>{error}{self._area(described)}</div>'
        return f'<fieldset id="{self.name}"{described}><legend>{asked}</legend>{error}{self._choices()}</fieldset>'

    def _area(self, described: str) -> str:
        given = self.form.given.get(self.question.name, ("",))
        invalid = ' aria-invalid="true"' if described else ""
        need = "" if self.question.optional or self.question.when is not None else " required"
        return (
            f'<textarea id="{self.name}" name="{self.name}" rows="4" maxlength="{LONGEST_TEXT}"'
            f"{described}{invalid}{need}>\n{escape(given[0] if given else '')}</textarea>"
        )

    def _choices(self) -> str:
        given = self.form.given.get(self.question.name, ())
        kind = "checkbox" if self.question.kind == "choices" else "radio"
        # Another answer may lead away from a question under a condition: the browser must not insist on it.
        needed = kind == "radio" and not self.question.optional and self.question.when is None
        need = " required" if needed else ""
        boxes = "".join(
            f'<label><input type="{kind}" name="{self.name}" value="{one}"{need}{" checked" if one in given else ""}>'
            f"<span>{escape(self.texts.options.get(one, one))}</span></label>"
            for one in self.question.values
        )
        if self.question.kind != "rating":
            return boxes
        low, high = escape(self.texts.low), escape(self.texts.high)
        ends = f'<p class="ends"><span>{low}</span><span>{high}</span></p>' if low or high else ""
        return f'<div class="scale">{boxes}</div>{ends}'
