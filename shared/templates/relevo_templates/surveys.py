"""The first question of a survey as a message asks it: in a layout with a link for each answer, which its page has
ready then; in a text with the numbers by which it is answered.
"""

from typing import Any

from relevo_contracts.surveys import ANSWER, Question, QuestionTexts, Survey
from relevo_contracts.text_answers import numbered
from relevo_templates.locales import best_locale


def survey_view(survey: Survey | None, locale: str, url: str) -> dict[str, Any] | None:
    """What `survey` is in a layout, in the language nearest to `locale`; `None` if there is nothing to answer.

    Each of the `options` has a `label` and a `url`; a question that is answered in words has none. `url` leads to the
    page with no answer ready.
    """
    if survey is None or not url:
        return None
    texts = survey.locales[best_locale((locale,), survey.locales)]
    first = survey.questions[0]
    asked = texts.questions[first.name]
    return {
        "question": asked.ask,
        "low": asked.low,
        "high": asked.high,
        "url": url,
        "options": [{"label": asked.options.get(one, one), "url": f"{url}?{ANSWER}={one}"} for one in first.values],
    }


def asking(survey: Survey | None, text: str, locale: str) -> str:
    """A text with the first question of its survey below, in the language nearest to `locale`; as it is without one."""
    if survey is None:
        return text
    texts = survey.locales[best_locale((locale,), survey.locales)]
    first = survey.questions[0]
    asked = texts.questions[first.name]
    return "\n".join(filter(None, (text, asked.ask, *_choices(first, asked))))


def _choices(question: Question, asked: QuestionTexts) -> list[str]:
    """The lines that say what may be answered."""
    labels = [asked.options.get(one, one) for one in question.values]
    match question.kind:
        case "rating":
            low, high = question.values[0], question.values[-1]
            ends = (f"{number} ({end})" if end else number for number, end in ((low, asked.low), (high, asked.high)))
            return [" - ".join(ends)]
        case "yes_no":
            return [" / ".join(labels)]
        case _:
            numbers = numbered(question).values()
            return [f"{number} {label}" for number, label in zip(numbers, labels, strict=True)]
