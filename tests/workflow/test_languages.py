"""The languages of templates: codes that exist, and a layout that speaks each of them."""

import pytest

from relevo_workflow.compiler.load import diagnose
from relevo_workflow.syntax.diagnostics import Diagnostic

FLOW = """
workflow: flow
trigger: {event: order.placed}
steps: [{send: {channel: email, template: hello, purpose: transactional}}]
"""
TEXTS = "{subject: Hello, heading: Hello, body: [Hello]}"


def found(*codes: str, words: str = "") -> list[Diagnostic]:
    template = "channel: email\nlayout: message\n" + "".join(f"{code}: {TEXTS}\n" for code in codes)
    files = {
        "workflow.yaml": FLOW,
        "templates/hello.yaml": template,
        "layouts/message.mjml": "<mjml><mj-body></mj-body></mjml>",
        "layouts/message.txt": "",
    }
    return diagnose(files | ({"layouts/message.yaml": words} if words else {}))[1]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("gb", "did you mean en-GB?"), ("jp", "did you mean ja-JP?"), ("us", "did you mean en-US?"),
        ("sp", "such as en, es or pt-BR"), ("xx", "such as en, es or pt-BR"),
    ],
)  # fmt: skip
def test_a_code_that_no_language_has_is_one_finding_with_what_is_meant(code: str, advice: str) -> None:
    (problem,) = found("en", code)
    assert problem.message == f"'{code}' is not the code of a language"
    assert advice in problem.help
    assert (problem.severity, problem.position.file, problem.position.line) == ("error", "templates/hello.yaml", 4)


def test_a_wrong_code_alone_is_one_finding_too() -> None:
    assert [one.message for one in found("sp")] == ["'sp' is not the code of a language"]


@pytest.mark.parametrize("code", ["en", "es", "pt-BR", "zh-Hant", "se", "nb"])
def test_codes_that_languages_have(code: str) -> None:
    assert [one for one in found(*dict.fromkeys(("en", code))) if one.severity == "error"] == []


def test_a_layout_without_words_in_a_language_of_the_template_is_told() -> None:
    (problem,) = found("en", "de", words="en: {total: Total}\n")
    assert (problem.severity, problem.message) == ("warning", "the layout has no words in 'de'")
    assert "layouts/message.yaml" in problem.help


@pytest.mark.parametrize("words", ["", "en: {total: Total}\nde: {total: Summe}\n"])
def test_a_layout_without_words_at_all_or_with_all_is_right(words: str) -> None:
    assert found("en", "de", "de-AT", words=words) == []


def test_a_word_that_one_language_lacks_is_told() -> None:
    (problem,) = found("en", "de", words="en: {total: Total, item: Item}\nde: {total: Summe}\n")
    assert problem.message == "'de' has no 'item', and others have"
