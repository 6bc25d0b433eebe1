"""What is made ready once gives what python-liquid gives, whatever the template and the values."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from liquid import BoundTemplate, RenderContext
from liquid.builtin.tags.for_tag import ForTag
from liquid.builtin.tags.if_tag import IfTag
from liquid.exceptions import LiquidError

from relevo_cli.workflow_files import load_folder
from relevo_templates.environment import LiquidEnvironment, liquid_environment, new_context
from relevo_templates.formats import formats_of
from relevo_templates.mjml import compile_mjml
from relevo_templates.texts import _Output

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
texts = st.sampled_from(["text ", "<b>", "\n", " ", "é", "{% break %}", "{% continue %}", "{% assign a = b.c %}"])
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
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", " ", "<a>", "b", "\ufffe", 1.5]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)


def stock(source: str, *, html: bool) -> BoundTemplate:
    """The template with python-liquid's own tags and evaluation in it."""
    environment = LiquidEnvironment(autoescape=html)
    ours = liquid_environment(html=html)
    environment.tags = {**ours.tags, "if": IfTag(environment), "for": ForTag(environment)}
    environment.filters = ours.filters
    template = environment.from_string(source)
    _unprepare(template.nodes, RenderContext(template))
    return template


def _unprepare(nodes: Any, context: RenderContext) -> None:
    for node in nodes:
        if hasattr(node, "_value"):
            node._value = node.expression.evaluate
        _unprepare(node.children(context), context)


def rendered(template: BoundTemplate, variables: dict[str, Any], *, plain_scope: bool) -> Any:
    context, buffer = new_context(template, variables, FORMATS), _Output(limit=100_000)
    if plain_scope:
        plain = RenderContext(template, globals=variables)
        plain.tag_namespace.update(context.tag_namespace)
        context = plain
    try:
        template.render_with_context(context, buffer)
    except LiquidError as error:
        return type(error), str(error.message), error.token.start_index if error.token else -1, buffer.getvalue()
    except Exception as error:  # noqa: BLE001 - what python-liquid lets through
        return type(error), str(error), buffer.getvalue()
    return buffer.getvalue()


@given(templates, st.dictionaries(st.sampled_from(["a", "b", "c", "x"]), values, max_size=4), st.booleans())
def test_any_template_gives_what_python_liquid_gives(source: str, variables: dict[str, Any], html: bool) -> None:
    try:
        ours = liquid_environment(html=html).from_string(source)
    except LiquidError:
        with pytest.raises(LiquidError):
            stock(source, html=html)
        return
    expected = rendered(stock(source, html=html), variables, plain_scope=True)
    assert rendered(ours, variables, plain_scope=False) == expected


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
        **dict.fromkeys(("link", "total", "unsubscribe_url", "locale"), values),
    },
)


@given(PAGES)
def test_the_layouts_of_the_library_give_what_python_liquid_gives(page: dict[str, Any]) -> None:
    for source, html in LAYOUTS:
        ours = liquid_environment(html=html).from_string(source)
        expected = rendered(stock(source, html=html), page, plain_scope=True)
        assert rendered(ours, page, plain_scope=False) == expected


def _layouts() -> list[tuple[str, bool]]:
    files = load_folder(LIBRARY / "abandoned-cart").files
    mjml = {name: text for name, text in files.items() if name.endswith(".mjml")}
    texts = [(text, False) for name, text in files.items() if name.startswith("layouts/") and name.endswith(".txt")]
    return [(compile_mjml(name, text).html, True) for name, text in mjml.items()] + texts


LAYOUTS = _layouts()
