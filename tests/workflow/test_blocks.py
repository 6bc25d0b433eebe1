"""`blocks/*.yaml` and what templates show of them: every mistake at its place, and tests in virtual time."""

from datetime import date
from textwrap import dedent

import pytest

from relevo_workflow import ended_entries
from relevo_workflow.compiler.load import diagnose, load_workflow
from relevo_workflow.testing import run_tests

LAYOUTS = {
    "layouts/message.mjml": "<mjml><mj-body></mj-body></mjml>",
    "layouts/message.txt": "{% for block in blocks %}{{ block.entries | map: 'text' | join: ' ' }}{% endfor %}",
}
FLOW = """
workflow: cart
trigger: {event: checkout.started}
steps:
  - send: {channel: email, template: first, purpose: marketing}
  - wait: 1d
  - send: {channel: email, template: second, purpose: marketing}
"""
MAIL = """
channel: email
layout: message
blocks: SHOWN
en: {subject: Hello, heading: Hello, body: [Hello]}
"""
NEWS = """
title: {en: News}
entries:
  - {id: a, en: {text: A}}
  - {id: b, en: {text: B}}
  - {id: c, categories: [Coffee], en: {text: C}}
"""


def files(shown: str = "news", news: str = NEWS) -> dict[str, str]:
    mail = MAIL.replace("SHOWN", shown).lstrip()
    return {
        **LAYOUTS,
        "workflow.yaml": FLOW,
        "templates/first.yaml": mail,
        "templates/second.yaml": mail,
        "blocks/news.yaml": dedent(news).lstrip(),
    }


def told(**changes: str) -> list[str]:
    """What is wrong with the block and with the first of the two mails."""
    found = diagnose(files(**changes))[1]
    return [str(one) for one in found if one.position.file in ("blocks/news.yaml", "templates/first.yaml")]


def test_a_template_shows_a_block() -> None:
    assert told() == []
    definition = load_workflow(files())
    assert [definition.templates[name].blocks[0].skip for name in ("first", "second")] == [0, 1]
    assert [one.id for one in definition.blocks["news"].entries] == ["a", "b", "c"]


def test_content_that_no_template_shows_is_not_part_of_a_definition() -> None:
    assert load_workflow(files() | {"blocks/other.yaml": "entries: [{id: a, en: {text: A}}]"}).blocks.keys() == {"news"}


@pytest.mark.parametrize(
    ("shown", "problem"),
    [
        ("[newz]", "templates/first.yaml:3:10: error: there is no content block 'newz' (help: did you mean 'news'?)"),
        ("[{block: news, cout: 2}]", "templates/first.yaml:3:24: error: a block of a template has no field 'cout'"),
        ("[{block: news, count: 0}]", "templates/first.yaml:3:31: error: 'count' must be a whole number"),
        ("[{count: 2}]", "templates/first.yaml:3:10: error: a block of a template needs 'block'"),
        ('[{block: news, category: "{{ trigger.itmes }}"}]', "error: trigger has no field 'itmes'"),
        ("[{block: news, category: [a]}]", "templates/first.yaml:3:34: error: 'category' must be text"),
        ("[{block: news, category: tea}]", "warning: no entry of 'news' has the category 'tea'"),
    ],
)
def test_what_a_template_says_wrong(shown: str, problem: str) -> None:
    [found, *_] = told(shown=shown)
    assert problem in found


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{id: a}", "blocks/news.yaml:1:11: error: an entry needs texts in at least one language"),
        ("{id: a, en: {by: Ana}}", "error: 'en' of 'a' needs a 'title' or a 'text'"),
        ("{id: a, en: {text: '{{ shop.name }}'}}", "error: content is shown as it stands"),
        ("{id: a, link: 'javascript:x', en: {title: A}}", "error: 'javascript:x' is not a web address"),
        ("{id: a, link: 'https://a.example/', en: {text: A}}", "error: 'en' of 'a' has no words for its link"),
        ("{id: a, image: 'https://a.example/a.png', en: {text: A}}", "error: 'en' of 'a' has no 'alt'"),
        ("{id: a, image: 'mailto:a@a.example', en: {text: A, alt: B}}", "is not the address of an image"),
        ("{id: a, from: 2026-02-30, en: {text: A}}", "error: '2026-02-30' is not a day"),
        ("{id: a, from: 2026-03-02, until: 2026-03-01, en: {text: A}}", "error: 'a' ends before it begins"),
        ("{id: a, xx-: {text: A}, en: {text: A}}", "error: an entry has no field 'xx-'"),
        ("{id: a, uk: {text: A}, gb: {text: A}}", "error: 'gb' is not the code of a language"),
        (
            "{id: a, en: {text: A, tilte: B}}",
            "error: the texts in 'en' have no field 'tilte' (help: did you mean",
        ),
        ("{id: a, en: {text: A}}, {id: a, en: {text: B}}", "error: there are two entries 'a'"),
        ("{id: a, en: {text: A}}, {id: b, en: {text: B}, es: {text: B}}", "warning: 'a' has no texts in 'es'"),
        ("", "error: 'entries' must be a list, but this is empty"),
        ("{id: a, until: 2026-03-01, en: {text: A}}", "warning: the block 'news' may have nothing to show in 'en'"),
        ("{id: a, es: {text: A}}", "warning: the block 'news' may have nothing to show in 'en'"),
    ],
)
def test_what_content_says_wrong(entry: str, problem: str) -> None:
    found = told(news=f"entries: [{entry}]\n")
    assert any(problem in one for one in found), found


def test_a_block_that_is_not_yaml_is_told_once() -> None:
    [found] = told(news="entries: [")
    assert found.startswith("blocks/news.yaml:")


def test_a_text_message_shows_none() -> None:
    sms = "channel: sms\nblocks: [news]\nen: {text: Hello}\n"
    flow = FLOW.replace("channel: email, template: first", "channel: sms, template: first")
    found = diagnose({**files(), "workflow.yaml": flow, "templates/first.yaml": sms})[1]
    assert "only a mail shows content blocks" in found[0].message


def test_entries_whose_last_day_is_over_are_told() -> None:
    news = "entries:\n  - {id: a, until: 2026-03-01, en: {text: A}}\n  - {id: b, en: {text: B}}\n"
    [found] = ended_entries(files(news=news), date(2026, 3, 2))
    assert str(found).startswith("blocks/news.yaml:2:5: warning: 'a' is not shown any more")
    assert ended_entries(files(news=news), date(2026, 3, 1)) == []


def test_content_counts_for_the_version() -> None:
    assert load_workflow(files()).version != load_workflow(files(news=NEWS.replace("text: A", "text: Z"))).version


def test_a_test_says_which_entries_are_shown() -> None:
    news = NEWS + "  - {id: spring, from: 2026-03-10, until: 2026-03-10, categories: [now], en: {text: Spring}}\n"
    shown = '[{block: news, category: "now", count: 1}]'
    cases = """
        given:
          start: 2026-03-10 10:00
          customer: {email: ana@example.com, timezone: Europe/Madrid, email_consent: granted}
          trigger: {event: checkout.started, data: {checkout_token: t, total: {amount: "1.00", currency: EUR}}}
        tests:
          - name: spring, and then what goes with everything
            expect:
              sends:
                - {email: first, blocks: [news/spring], text: {contains: Spring}}
                - {email: second, blocks: [news/WHICH]}
    """
    every = files(shown, news)
    results = {}
    for which in ("a", "b", "c"):
        suite = run_tests(load_workflow(every), {**every, "tests/all.yaml": dedent(cases).replace("WHICH", which)})
        assert not suite.problems
        results[which] = [str(failure) for one in suite.results for failure in one.failures]
    assert len([which for which, failures in results.items() if not failures]) == 1
    assert "it shows news/" in results["c"][0]


@pytest.mark.parametrize("blocks", ["news", "[news]", "[{a: b}]"])
def test_a_slip_in_what_a_test_expects_is_told(blocks: str) -> None:
    cases = f"tests: [{{name: a, expect: {{sends: [{{email: first, blocks: {blocks}}}]}}}}]"
    suite = run_tests(load_workflow(files()), {**files(), "tests/all.yaml": cases})
    assert suite.problems
