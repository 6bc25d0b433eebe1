"""Reads the surveys beside a workflow: `surveys/<name>.yaml`, questions with types and their texts in each language."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import cast, get_args

from msgspec import structs

from relevo_contracts.event_types import EventTypes
from relevo_contracts.languages import language
from relevo_contracts.survey_conditions import Condition
from relevo_contracts.surveys import (
    ANSWERED,
    Question,
    QuestionKind,
    QuestionTexts,
    Survey,
    SurveyTexts,
    answered_payload,
)
from relevo_contracts.template import Template
from relevo_contracts.text_answers import is_answered_in_text
from relevo_templates.locales import same_language
from relevo_templates.texts import is_liquid
from relevo_workflow.compiler.readers.survey_conditions import read_condition
from relevo_workflow.syntax.diagnostics import Position, Problems, suggestion
from relevo_workflow.syntax.fields import Fields, usable_name
from relevo_workflow.syntax.yaml_source import Node, read_yaml

_FOLDER = "surveys/"
_SHOWN = re.compile(r"\bsurvey\.")
_EXPIRES = timedelta(days=60)
_SCALES = {"5": (1, 5), "7": (1, 7), "10": (1, 10), "nps": (0, 10)}
_MOST_OPTIONS = 20
_MOST_QUESTIONS = 20
_QUESTIONS = "questions: {score: {type: rating}}"


def read_surveys(files: Mapping[str, str], problems: Problems) -> dict[str, Survey | None]:
    """The surveys by name; `None` for one that could not be read, which is noted with its place."""
    found: dict[str, Survey | None] = {}
    first: dict[str, Question] = {}
    for path in sorted(files):
        if not path.startswith(_FOLDER) or not path.endswith((".yaml", ".yml")):
            continue
        name = path.removeprefix(_FOLDER).rsplit(".", 1)[0]
        if name in found:
            problems.error(Position(path), f"there are two surveys '{name}'", "keep one of the files")
        root = read_yaml(path, files[path], problems)
        found[name] = _SurveyReader(name, root, problems).read(first) if root is not None else None
    return found


def with_surveys(types: EventTypes, surveys: Mapping[str, Survey | None]) -> EventTypes:
    """The types of events, where a survey that is answered has the answers of these surveys, if there are any."""
    whole = [one for one in surveys.values() if one is not None]
    return MappingProxyType({**types, ANSWERED: answered_payload(whole)}) if whole else types


def asked_survey(fields: Fields, channel: str, surveys: Mapping[str, Survey | None]) -> Survey | None:
    """The survey that a template asks."""
    name = fields.text("survey")
    if name and channel not in ("email", "sms"):
        fields.wrong("survey", "only an e-mail or an SMS can ask a survey", "leave 'survey' out")
    elif name and name not in surveys:
        advice = suggestion(name, surveys) if surveys else ""
        fields.wrong("survey", f"there is no survey '{name}'", advice or f"add surveys/{name}.yaml")
    survey = surveys.get(name)
    if survey is not None and channel == "sms":
        _check_asked_by_sms(fields, survey)
    return survey


def _check_asked_by_sms(fields: Fields, survey: Survey) -> None:
    """An SMS asks the first question alone, and a number or a label answers it."""
    first, *others = survey.questions
    if not is_answered_in_text(first):
        fields.wrong("survey", f"'{first.name}' is answered in words, which an SMS can't ask", "begin with a rating")
    for one in others:
        if not one.optional:
            message = f"an SMS asks the first question alone, and '{survey.name}' is not answered without '{one.name}'"
            fields.wrong("survey", message, "make it 'optional', or another survey for the SMS")
            return


def compare_with_survey(root: Node, template: Template, layouts: Mapping[str, str], problems: Problems) -> None:
    """A language of a mail that its survey lacks would show the survey in another one; so may a layout lack it."""
    survey = template.survey
    for locale in template.locales if survey is not None else ():
        if survey is not None and not any(same_language(locale, one) for one in survey.locales):
            where = (root.keys or {}).get(locale, root.position)
            message = f"the survey '{survey.name}' has no texts in '{locale}'"
            problems.warning(where, message, f"add '{locale}: {{…}}' to surveys/{survey.name}.yaml")
    for ending in ("mjml", "txt") if survey is not None else ():
        file = f"layouts/{template.layout}.{ending}"
        if file in layouts and not _SHOWN.search(layouts[file]):
            where = root.keys.get("survey", root.position)
            problems.error(where, f"{file} does not show the survey", "{{ survey.url }}, or a link for each answer")


def warn_unasked(surveys: Mapping[str, Survey | None], templates: Mapping[str, Template], problems: Problems) -> None:
    """A survey that no template asks is most likely forgotten; while there are errors, one may be the reason."""
    asked = {one.survey.name for one in templates.values() if one.survey is not None}
    for name in surveys if not problems.errors else ():
        if name not in asked:
            problems.warning(Position(f"{_FOLDER}{name}.yaml"), f"no template asks the survey '{name}'")


class _SurveyReader:
    """One file; what is wrong with it is noted, and the rest is read all the same."""

    def __init__(self, name: str, root: Node, problems: Problems) -> None:
        self._name = name
        self._root = root
        self._problems = problems

    def read(self, first: dict[str, Question]) -> Survey | None:
        """The survey; `first` has the questions of those that were read before it."""
        before = len(self._problems.errors)
        fields = Fields(self._root, self._problems, "a survey")
        expires = fields.duration("expires", _EXPIRES) or _EXPIRES
        asked = fields.need("questions", _QUESTIONS)
        questions = self._questions(asked, first) if asked is not None else ()
        broken = len(self._problems.errors) > before
        locales = self._locales(fields, questions if not broken else ())
        fields.done()
        whole = len(self._problems.errors) == before
        if not whole:
            return None
        return Survey(name=self._name, questions=questions, expires=int(expires.total_seconds()), locales=locales)

    def _questions(self, node: Node, first: dict[str, Question]) -> tuple[Question, ...]:
        entries = node.entries or {}
        if not 1 <= len(entries) <= _MOST_QUESTIONS:
            message = f"a survey has from one to {_MOST_QUESTIONS} questions, by name"
            self._problems.error(node.position, message, _QUESTIONS)
        found: list[Question] = []
        for name, one in entries.items():
            where = node.keys.get(name, one.position)
            if not usable_name(name):
                advice = "a lower-case letter, then letters, digits, '_'"
                self._problems.error(where, f"'{name}' can't be named in a condition", advice)
                continue
            question = self._question(name, one, {before.name: before for before in found})
            plain = structs.replace(question, when=None)
            if first.setdefault(name, plain) != plain:
                message = f"another survey of this workflow has a question '{name}' of another kind"
                self._problems.error(where, message, "another name: event.answers has those of all surveys")
            found.append(question)
        return tuple(found)

    def _question(self, name: str, node: Node, earlier: Mapping[str, Question]) -> Question:
        fields = Fields(node, self._problems, f"the question '{name}'")
        kind = cast(QuestionKind, fields.choice("type", get_args(QuestionKind), "text", required=True))
        scale, options = (1, 5), tuple[str, ...]()
        if kind == "rating":
            scale = _SCALES[fields.choice("scale", _SCALES, "5")]
        if kind in ("choice", "choices"):
            options = self._options(fields)
        optional = fields.yes_or_no("optional")
        when = self._condition(fields, kind, earlier)
        if optional and kind in ("rating", "yes_no"):
            read = "0" if kind == "rating" else "no"
            fields.wrong("optional", f"a {kind} must be answered: without an answer it would read as {read}")
        fields.done()
        return Question(name=name, kind=kind, scale=scale, options=options, optional=optional, when=when)

    def _condition(self, fields: Fields, kind: QuestionKind, earlier: Mapping[str, Question]) -> Condition | None:
        """When it is asked."""
        node = fields.get("if")
        if node is None:
            return None
        fields.text("if")
        if kind in ("rating", "yes_no"):
            read = "0" if kind == "rating" else "no"
            fields.wrong("if", f"a {kind} is always asked: where it is not, it would read as {read}", "a choice can")
        return read_condition(node, earlier, self._problems)

    def _options(self, fields: Fields) -> tuple[str, ...]:
        example = "options: [quality, delivery, other]"
        node = fields.need("options", example)
        options = fields.texts("options")
        if node is not None and not 2 <= len(set(options)) == len(options) <= _MOST_OPTIONS:
            fields.wrong("options", f"there must be from 2 to {_MOST_OPTIONS} options, each once", example)
        for one in options:
            if not usable_name(one):
                fields.wrong("options", f"'{one}' is not a name for an option", "lower-case words joined by '_'")
        return options

    def _locales(self, fields: Fields, questions: Sequence[Question]) -> dict[str, SurveyTexts]:
        found: dict[str, SurveyTexts] = {}
        for key, node in (self._root.entries or {}).items():
            if key in ("expires", "questions") or not language(key) or node.entries is None:
                continue
            fields.get(key)
            found[key] = self._texts(key, node, questions)
        if not found:
            advice = "en: {title: …, questions: {…}, thanks: …}"
            self._problems.error(self._root.position, "a survey needs texts in at least one language", advice)
        elif "en" not in found:
            self._problems.warning(self._root.position, "there are no English texts to fall back on", "add en: {…}")
        return found

    def _texts(self, locale: str, node: Node, questions: Sequence[Question]) -> SurveyTexts:
        fields = Fields(node, self._problems, f"the texts in '{locale}'")
        asked = fields.need("questions")
        texts: dict[str, QuestionTexts] = {}
        if asked is not None and questions:
            inner = Fields(asked, self._problems, f"'questions' in '{locale}'")
            texts = {one.name: self._question_texts(one, inner.need(one.name)) for one in questions}
            inner.done()
        found = SurveyTexts(
            title=self._plain(fields, "title", required=True),
            thanks=self._plain(fields, "thanks", required=True),
            intro=self._plain(fields, "intro"),
            after=self._plain(fields, "after"),
            questions=texts,
        )
        fields.done()
        return found

    def _question_texts(self, question: Question, node: Node | None) -> QuestionTexts:
        if node is None:
            return QuestionTexts(ask="")
        fields = Fields(node, self._problems, f"the question '{question.name}'", "{ask: How was it?}")
        ask = self._plain(fields, "ask", required=True)
        rating = question.kind == "rating"
        low, high = (self._plain(fields, "low"), self._plain(fields, "high")) if rating else ("", "")
        labels: dict[str, str] = {}
        named = question.values if not rating else ()
        options = fields.need("options", "what each option is called") if named else None
        if options is not None:
            inner = Fields(options, self._problems, f"'options' of '{question.name}'")
            labels = {one: self._plain(inner, one, required=True) for one in named}
            inner.done()
        fields.done()
        return QuestionTexts(ask=ask, low=low, high=high, options=labels)

    def _plain(self, fields: Fields, name: str, *, required: bool = False) -> str:
        """A text as it is shown. There is no run on the page, so nothing can be filled in."""
        text = fields.text(name, required=required)
        if is_liquid(text):
            fields.wrong(name, f"'{name}' of a survey is shown as it is, without Liquid", "say it without {{ }}")
        if required and name in fields and not text.strip():
            fields.wrong(name, f"'{name}' can't be empty")
        return text.strip()
