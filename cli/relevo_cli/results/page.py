"""The results of a workflow as one page with nothing beside it: charts, and a table with the numbers of each. Pure."""

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files

from relevo_cli.results.charts import bars, columns, intervals
from relevo_cli.results.text import (
    answers_in_words,
    comparison_in_words,
    ends_in_words,
    money_in_words,
    rate_in_words,
    total_in_words,
    variants_in_words,
    waiting_in_words,
)
from relevo_control.app.results import FoundResults
from relevo_engine.core.result_report import Answers, Figures, Report, report

_STYLE = "page.css"


def page(found: FoundResults) -> str:
    """The page. It loads nothing, runs nothing, and follows the reader's light or dark."""
    title = f"{found.workflow} of {found.shop}"
    whole = report(found.counts)
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>Runs that started since {found.since} (UTC).</p>",
        _list(
            [*total_in_words(whole.total), *comparison_in_words(whole.holdout), *map(variants_in_words, found.tests)]
        ),
        *_days(report(found.counts, "day").groups),
        *_steps(report(found.counts, "step").groups),
        *_variants(report(found.counts, "variant")),
        *(part for one in whole.total.answers for part in _answers(one)),
    ]
    style = (files("relevo_cli.results") / _STYLE).read_text("utf-8")
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{style}</style>"
    )
    body = "\n".join(parts)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>\n{body}\n</main></body></html>\n'


def _days(days: Sequence[Figures]) -> Iterator[str]:
    if not days:
        return
    yield "<h2>By day</h2>"
    yield '<p class="key"><span class="whole"></span> runs <span class="part"></span> that reached the goal</p>'
    yield columns(
        "Runs of each day, and how many reached the goal",
        [one.name[5:] for one in days],
        [one.runs for one in days],
        [one.goals for one in days],
    )
    head = ("Day", "Runs", "Sent", "Opened", "Clicked", "Goals", "Revenue")
    yield _table(
        "By day", head, [(one.name, one.runs, *_sent(one), one.goals, money_in_words(one.revenue)) for one in days]
    )


def _steps(steps: Sequence[Figures]) -> Iterator[str]:
    if not steps:
        return
    yield "<h2>By step</h2>"
    yield bars("How many runs reached each step", [(one.name, one.runs, str(one.runs)) for one in steps])
    head = ("Step", "Runs", "Sent", "Opened", "Clicked", "Waits", "Ended", "Because")
    rows = [
        (one.name, one.runs, *_sent(one), waiting_in_words(one.waiting), one.ended, ends_in_words(one)) for one in steps
    ]
    yield _table("By step", head, rows)


def _variants(shown: Report) -> Iterator[str]:
    if not shown.groups:
        return
    held = [shown.holdout.holdout] if shown.holdout is not None else []
    groups = [*shown.groups, *held]
    yield "<h2>By variant</h2>"
    yield intervals(
        "The goal rate of each variant, with its interval at 95 %",
        [(one.name, one.goal_rate, f"{one.goal_rate.estimate:.1%}") for one in groups if one.runs],
    )
    head = ("Variant", "Runs", "Sent", "Opened", "Clicked", "Goals", "Goal rate", "Revenue")
    yield _table(
        "By variant",
        head,
        [
            (one.name, one.runs, *_sent(one), one.goals, rate_in_words(one.goal_rate), money_in_words(one.revenue))
            for one in groups
        ],
    )


def _answers(one: Answers) -> Iterator[str]:
    name = f"{one.survey}: {one.question}"
    rated = one.mean is not None
    rows = sorted(one.counts.items(), key=lambda answer: int(answer[0])) if rated else [*one.counts.items()]
    yield f"<h2>{escape(name)}</h2><p>{escape(answers_in_words(one))}</p>"
    yield bars(f"What was answered to {name}", [(answer, count, str(count)) for answer, count in rows])
    yield _table(name, ("ResultsAnswer", "Times"), rows)


def _sent(one: Figures) -> tuple[int, int, int]:
    return one.messages["sent"], one.messages["opened"], one.messages["clicked"]


def _list(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _table(about: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The numbers of a chart `about` something; a table that is too wide scrolls by itself, also by the keyboard."""
    titles = "".join(f'<th scope="col">{escape(one)}</th>' for one in head)
    body = "".join(
        f'<tr><th scope="row">{escape(str(name))}</th>{"".join(f"<td>{escape(str(cell))}</td>" for cell in cells)}</tr>'
        for name, *cells in rows
    )
    label = escape(f"{about}, in numbers", quote=True)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{label}"><table><thead><tr>{titles}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
