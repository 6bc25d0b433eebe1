"""What is compiled gives what python-liquid gives, whatever the template and the values; the rest is left to it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_cli.workflow_files import load_folder
from relevo_contracts.template import Template
from relevo_templates.addresses import assembled
from relevo_templates.errors import TemplateError
from relevo_templates.formats import formats_of
from relevo_templates.messages import COMPILED
from relevo_templates.mjml import compile_mjml
from relevo_templates.texts import Into, Text, compile_text

LIBRARY = Path(__file__).parents[2] / "workflows"
FORMATS = formats_of("en", "UTC")

names = st.sampled_from(["a", "b", "c", "size", "first", "last", "forloop", "x"])
paths = st.lists(names, min_size=1, max_size=3).map(".".join) | st.sampled_from(["a[b]", "a[0]", "a['b']", "b[-1]"])
literals = st.sampled_from(['""', '"<t>"', "'a'", "0", "1", "1.5", "true", "false", "nil", "empty", "blank"])
primitives = paths | literals
comparisons = st.builds(
    lambda left, operator, right: f"{left} {operator} {right}",
    primitives, st.sampled_from(["==", "!=", "<", ">", "<=", ">=", "contains"]), primitives,
)  # fmt: skip
conditions = st.lists(primitives | comparisons, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([" and ", " or "]).map(lambda operator: operator.join(parts))
)
outputs = st.builds(
    lambda path, filter_: f"{{{{ {path}{filter_} }}}}",
    primitives, st.sampled_from(["", " | upcase", " | size", ' | default: "d"', " | money", ' | replace: "a", b']),
)  # fmt: skip
texts = st.sampled_from(
    [
        "text ",
        "<b>",
        "\n",
        " ",
        "é",
        "{% break %}",
        "{% continue %}",
        "{% assign a = b.c %}",
        "{% assign x = a | default: 3 %}",
    ]
)
templates = st.recursive(
    texts | outputs,
    lambda inner: (
        st.lists(inner, max_size=3).map("".join)
        | st.builds(
            lambda test, other, one, two, three: (
                f"{{% if {test} %}}{one}{{% elsif {other} %}}{two}{{% else %}}{three}{{% endif %}}"
            ),
            conditions, conditions, inner, inner, inner,
        )
        | st.builds(
            lambda name, path, more, one, two: (
                f"{{% for {name} in {path}{more} %}}{one}{{% else %}}{two}{{% endfor %}}"
            ),
            st.sampled_from(["a", "x"]), paths | st.just("(1..3)"),
            st.sampled_from(["", " limit:1", " offset:1", " reversed"]), inner, inner,
        )
    ),
    max_leaves=12,
)  # fmt: skip
intos = st.sampled_from(["text", "html", "address"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", " ", "<a>", "b", "\ufffe", 1.5]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)


def interpreted(text: Text, variables: dict[str, Any]) -> str | None:
    """What python-liquid makes of it; `None` if that is an error."""
    try:
        return Text(text.source, into=text.into).render(variables, FORMATS)
    except TemplateError:
        return None


def compiled(text: Text, variables: dict[str, Any], **known: str) -> str | None:
    """What its function makes of it; `None` if there is none, or if it leaves these values to python-liquid."""
    assert text.liquid is not None
    function = compile_text(text.liquid, text.into, known)
    if function is None:
        return None
    try:
        made = function(variables, FORMATS)
    except Exception:  # noqa: BLE001 - whatever it raises, python-liquid is asked
        return None
    return assembled(made) if text.into == "address" else made


@given(templates, st.dictionaries(st.sampled_from(["a", "b", "c", "x"]), values, max_size=4), intos)
def test_what_is_compiled_gives_what_python_liquid_gives(source: str, variables: dict[str, Any], into: Into) -> None:
    try:
        text = Text(source, into=into)
    except TemplateError:
        return
    if text.liquid is not None and (made := compiled(text, variables)) is not None:
        assert made == interpreted(text, variables)


@given(templates, st.dictionaries(st.sampled_from(["a", "b", "c"]), values, max_size=3), intos)
def test_what_is_known_beforehand_changes_nothing(source: str, variables: dict[str, Any], into: Into) -> None:
    try:
        text = Text(source, into=into)
    except TemplateError:
        return
    variables["x"] = "left"
    if text.liquid is not None and (made := compiled(text, variables, x="left")) is not None:
        assert made == interpreted(text, variables)


def test_what_is_known_beforehand_is_part_of_the_text() -> None:
    text = Text("<p {{ x }}>{% for x in a %}{{ x }}{% endfor %}{{ x }}", into="html")
    assert compiled(text, {"a": [1, 2]}, x="left") == "<p left>12left"


@pytest.mark.parametrize("into", ["text", "html", "address"])
@pytest.mark.parametrize(
    "source",
    [
        "{{ a.b }}{{ a.nowhere }}{{ nowhere.b }}{{ a.list[1] }}{{ a.list.size }}{{ a.list.first }}{{ a[a.key] }}",
        "{% if a.b == '<t>' and a.nowhere != '' or a.number > 2 %}yes{% elsif a %}no{% else %}never{% endif %}",
        "{% if a.list contains 'x' and a.void == empty and a.white == blank and a.nowhere == nil %}yes{% endif %}",
        "{% for one in a.list %}{{ one }}{% if one == 'x' %}{% break %}{% endif %},{% else %}none{% endfor %}",
        "{% for one in a.void %}{{ one }}{% else %}none{% endfor %}{% for one in a.nowhere %}{% endfor %}",
        "{% assign c = a.list | map: 'x' | join: '-' %}{{ c }}{% if a.b %}{% assign a = c %}{% endif %}{{ a }}",
        "{{ a.money }} {{ a.money | money }} {{ a.day | date: 'short' }} {{ a.number | number }}{{ a.b | url_encode }}",
        "{{ a.b | replace: '<', a.key | upcase }} {{ a.nowhere | default: 'some' }} {{ a.b | newline_to_br }}",
        "{% comment %}{{ never }}{% endcomment %}{{ a.number }}{% if a.nowhere > 3 %}{% endif %}",
        "{% echo a.b %}{{ 3 }}{{ 'a\\b {x} \"' }}{{ nil }}",
    ],
)
def test_what_templates_are_made_of_is_compiled(source: str, into: Into) -> None:
    text = Text(source, into=into)
    assert compiled(text, {"a": SOME}) == interpreted(text, {"a": SOME}) is not None


SOME: dict[str, Any] = {
    "b": "<t>\n", "key": "b", "list": ["w", "x", "y"], "number": 3, "void": [], "white": " ", "day": "2026-03-05",
    "money": {"amount": "12.50", "currency": "EUR"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "variables"),
    [
        ("{{ a | money }}", {"a": "12"}),
        ("{{ a }}", {"a": 1.5}),
        ("{{ a }}", {"a": "x" * 2_000_000}),
        (
            "{% for i in a %}{% for j in a %}{% for k in a %}{{ i }}{% endfor %}{% endfor %}{% endfor %}",
            {"a": [1] * 40},
        ),
        ("{% for i in (1..3) %}{{ i }}{% endfor %}", {}),
        ("{{ now | date: 'short' | size }}", {}),
        ("{% if a < 'b' %}{% endif %}", {"a": 3}),
    ],
)
def test_what_is_odd_is_as_without_compiling(source: str, variables: dict[str, Any]) -> None:
    """The limits and the errors are python-liquid's, however often a text was rendered."""
    text = Text(source)
    first, *others = [outcome(text, variables) for _ in range(5)]
    assert others == [first] * 4


def outcome(text: Text, variables: dict[str, Any]) -> tuple[str, int]:
    try:
        return text.render(variables, FORMATS), 0
    except TemplateError as error:
        return error.why, error.line


PAGES = st.fixed_dictionaries(
    {},
    optional={
        "text": st.dictionaries(st.sampled_from(["subject", "heading", "code", "button", "note", "body"]), values),
        "items": st.lists(
            st.dictionaries(st.sampled_from(["title", "variant", "quantity", "price", "sum", "image_url"]), values),
            max_size=3,
        ),
        "sums": st.lists(st.fixed_dictionaries({"name": st.just("tax"), "amount": values}), max_size=2),
        "shop": st.dictionaries(st.sampled_from(["name", "domain", "postal_address"]), values),
        "words": st.dictionaries(st.sampled_from(["item", "amount", "why_marketing", "tax"]), values),
        **dict.fromkeys(("link", "total", "unsubscribe_url", "preferences_url", "locale"), values),
    },
)


@given(PAGES)
def test_the_layouts_of_the_library_give_what_python_liquid_gives(page: dict[str, Any]) -> None:
    for text in LAYOUTS:
        if (made := compiled(text, page)) is not None:
            assert made == interpreted(text, page)


def test_every_text_of_the_library_is_compiled() -> None:
    texts = list(_texts())
    assert len(texts) > 500
    assert [text.file for text in (*LAYOUTS, *texts) if text.liquid and not compile_text(text.liquid, text.into)] == []


def _texts() -> Iterator[Text]:
    for folder in sorted(path.parent for path in LIBRARY.glob("*/workflow.yaml")):
        files = load_folder(folder).files
        for template in msgspec.json.decode(files[COMPILED], type=dict[str, Template]).values():
            yield Text(template.link, file=f"{folder.name}/{template.name}", into="address")
            for locale, texts in template.locales.items():
                for field, source in texts.items():
                    for one in [source] if isinstance(source, str) else source:
                        yield Text(one, file=f"{folder.name}/{template.name} ({locale}.{field})")


def _layouts() -> Iterator[Text]:
    files = load_folder(LIBRARY / "abandoned-cart").files
    for name, text in files.items():
        if name.endswith(".mjml"):
            yield Text(compile_mjml(name, text).html, file=name, into="html")
        elif name.startswith("layouts/") and name.endswith(".txt"):
            yield Text(text, file=name)


LAYOUTS = list(_layouts())
