"""The form of what a test expects: a slip there must not make a test that can't fail."""

from relevo_contracts.contact import CHANNELS
from relevo_workflow.syntax.diagnostics import Problems, suggestion
from relevo_workflow.syntax.yaml_source import Node

RENDERED = ("subject", "text", "html")
"""What a test can say of a message as it arrives: each is the whole text, or a mapping of these."""
MATCHERS = ("contains", "lacks")
OF_POLICY = ("sent", "skipped", "put_off")
"""What the contact policy does with a message: when it goes out, or by which rule not; the rules that put it off."""
_LISTS: dict[str, tuple[str, ...]] = {
    "sends": (
        *("at", *CHANNELS, "to", "purpose", "not_after", "step"),
        *(*OF_POLICY, "body", "locale", "blocks", *RENDERED),
    ),
    "tasks": (
        *("at", "open", "remind", "escalate", "close"),
        *("title", "skill", "roles", "needed", "deadline", "reason"),
    ),
    "notices": ("at", "notice", "to", "step", "tasks"),
    "calls": ("at", "step", "call", "with", "method", "url", "headers", "body", "timeout"),
    "emits": ("at", "event", "data"),
    "starts": ("at", "workflow", "data"),
}
_MAPPINGS: dict[str, tuple[str, ...]] = {"end": ("at", "reason"), "goal": ("at", "value", "currency")}
_FREE = ("saved", "attributes")
_NAMES = ("path", "tags")
EXPECTED = (*_LISTS, *_MAPPINGS, *_FREE, *_NAMES, "runs")


def check_expected(expect: Node, problems: Problems) -> None:
    """Notes whatever could never be compared: unknown names, and values of another form."""
    if not expect.entries:
        advice = "expect: {sends: []}" if expect.entries is not None or expect.value is None else ""
        problems.error(expect.position, "this test expects nothing, so it can't fail", advice)
    for name, node in (expect.entries or {}).items():
        if name not in EXPECTED:
            problems.error(expect.keys[name], f"a test can't expect '{name}'", suggestion(name, EXPECTED))
        elif name in _LISTS:
            for one in _items(name, node, problems):
                _check_keys(f"an element of '{name}'", one, _LISTS[name], problems)
                _check_rendered(one, problems)
                _check_blocks(one, problems)
        elif name in _NAMES:
            _items(name, node, problems)
        elif name in _MAPPINGS and not (name == "goal" and node.text == "none"):
            _check_keys(f"'{name}'", node, _MAPPINGS[name], problems)
        elif name in _FREE and node.entries is None:
            problems.error(node.position, f"'{name}' must be a mapping, but this is {node.kind}")
        elif name == "runs" and type(node.value) is not int:
            problems.error(node.position, "'runs' must be a whole number")


def _check_rendered(one: Node, problems: Problems) -> None:
    """The texts of a message: one to equal, or a mapping of those that it must and must not contain."""
    for name in RENDERED:
        node = (one.entries or {}).get(name)
        if node is None:
            continue
        if node.items is not None or (node.entries is None and node.value is None):
            problems.error(node.position, f"'{name}' must be text, but this is {node.kind}", "or {contains: text}")
        elif node.entries is not None:
            _check_keys(f"'{name}'", node, MATCHERS, problems)
            for wanted in node.entries.values():
                for part in wanted.items or (wanted,):
                    if part.value is None or not part.text.strip():
                        problems.error(part.position, "what a message contains must be text", "or a list of texts")


def _check_blocks(one: Node, problems: Problems) -> None:
    """The entries of content that a message shows."""
    node = (one.entries or {}).get("blocks")
    for part in _items("blocks", node, problems) if node is not None else ():
        if not part.is_text or "/" not in part.text:
            problems.error(part.position, "an entry of content is 'block/entry'", "such as testimonials/ana")


def _items(name: str, node: Node, problems: Problems) -> tuple[Node, ...]:
    if node.items is None:
        problems.error(node.position, f"'{name}' must be a list, but this is {node.kind}", f"{name}: [] for none")
    return node.items or ()


def _check_keys(what: str, node: Node, known: tuple[str, ...], problems: Problems) -> None:
    if not node.entries:
        problems.error(node.position, f"{what} must be a mapping, but this is {node.kind}", f"of {', '.join(known)}")
    for key in node.entries or {}:
        if key not in known:
            problems.error(node.keys[key], f"{what} has no field '{key}'", suggestion(key, known))
