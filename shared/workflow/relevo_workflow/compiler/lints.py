"""What a workflow may say and hardly can mean: each rule is small and looks at a workflow that has no errors yet.

Errors: a segment that does not exist; a cycle that nothing ends; a template that reads what no step has saved on some
path to it. Warnings: a step that reads such a thing; a reminder that goes on after the purchase; marketing that never
asks for consent, or by SMS without a way out; a wait for a click on any message; a language that some templates lack;
what a step saves and nothing reads.
"""

import re
from collections.abc import Callable, Iterator

from relevo_contracts.contact import CHANNELS
from relevo_contracts.stop_words import names_opt_out
from relevo_workflow.compiler.definite_assignment import ALWAYS, uses_before_save
from relevo_workflow.definition.control_flow import definitely_assigned, inescapable_cycle, reached_from
from relevo_workflow.definition.workflow import Definition, EventTrigger, ScheduleTrigger, SegmentTrigger
from relevo_workflow.steps.coupon import CouponStep
from relevo_workflow.steps.goto import Goto
from relevo_workflow.steps.http import HttpStep
from relevo_workflow.steps.reading import StepNode
from relevo_workflow.steps.registry import STEP_TYPES
from relevo_workflow.steps.send import SendStep
from relevo_workflow.steps.step import Step
from relevo_workflow.steps.system import SystemStep
from relevo_workflow.syntax.diagnostics import Position, suggestion
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.reader import Reading

_INTERESTS = ("cart.", "checkout.", "page.")
_ENGAGED = frozenset(("message.opened", "message.clicked"))
_PURCHASES = frozenset(("order.placed", "order.paid"))
_IN_SEGMENT = re.compile(r"""(["'])([^"']*)\1\s+in\s+customer\.segments""")
_IS_SEGMENT = re.compile(r"""\bsegments\.(?:exists|all|exists_one|filter)\(\s*(\w+)\s*,([^)]*)\)""")
_HAS_SEGMENT = re.compile(r"""segments\s+contains\s+(["'])([^"']*)\1""")


def check_habits(definition: Definition, root: Node, syntax_tree: list[StepNode], reading: Reading) -> None:
    """Notes everything that these rules find."""
    step_nodes = {inner.id: inner for step in syntax_tree for inner in step.walk()}
    for rule in _RULES:
        rule(_LintContext(definition, root, step_nodes, reading))


class _LintContext:
    """The workflow that the rules look at."""

    def __init__(self, definition: Definition, root: Node, step_nodes: dict[str, StepNode], reading: Reading) -> None:
        self.definition = definition
        self.program = definition.program
        self.root = root
        self.reading = reading
        self.problems = reading.problems
        self.step_nodes = step_nodes
        self.starts = {one.event for one in definition.triggers if isinstance(one, EventTrigger)}
        arms = (arm for step in self.program.steps.values() for arm in step.event_arms())
        waited = {event for arm in arms for event in arm.events}
        self.ends = waited | {rule.event for rule in definition.exits}

    def sends(self, purpose: str = "") -> Iterator[SendStep]:
        """The steps that send, of one purpose or of both."""
        for step in self.program.steps.values():
            if isinstance(step, SendStep) and purpose in ("", step.purpose):
                yield step

    def position(self, step_id: str, field: str) -> Position:
        """Where the field of a step stands."""
        step = self.step_nodes[step_id]
        found = (step.body.entries or {}).get(field)
        return found.position if found is not None else step.node.position


def unknown_segments(context: _LintContext) -> None:
    """A segment that a condition or a text names must exist."""
    known = context.definition.segments
    for node in context.root.walk():
        for name, index in _segments_of(node.text) if "segments" in node.text else ():
            if name not in known:
                advice = suggestion(name, known) or "add it to segments.yaml"
                context.problems.lint(node.at(index), f"there is no segment '{name}'", advice)

    for path, text in context.definition.files.items():
        for match in _HAS_SEGMENT.finditer(text) if path.startswith("templates/") else ():
            if match[2] not in known:
                line, before = text.count("\n", 0, match.start(2)) + 1, text.rfind("\n", 0, match.start(2))
                where, advice = Position(path, line, match.start(2) - before), suggestion(match[2], known)
                context.problems.lint(where, f"there is no segment '{match[2]}'", advice or "add it to segments.yaml")


def _segments_of(text: str) -> Iterator[tuple[str, int]]:
    """The segments that a condition or a text names, each with where it stands."""
    for pattern in (_IN_SEGMENT, _HAS_SEGMENT):
        yield from ((match[2], match.start(2)) for match in pattern.finditer(text))
    for loop in _IS_SEGMENT.finditer(text):
        item = re.escape(loop[1])
        one_of = re.compile(
            rf"""\b{item}\s*(?:[!=]=|in)\s*(?=["'\[])(\[[^\]]*\]|"[^"]*"|'[^']*')|(["'][^"']*["'])\s*[!=]=\s*{item}\b"""
        )
        for found in one_of.finditer(loop[2]):
            for quoted in re.finditer(r"""(["'])([^"']*)\1""", found[0]):
                yield quoted[2], loop.start(2) + found.start() + quoted.start(2)


def inescapable_cycles(context: _LintContext) -> None:
    """A cycle that nothing ends mails for as long as the shop exists: it needs a way out, a bound, or to say so."""
    around = [] if context.definition.exits else inescapable_cycle(context.program)
    back = next((one for one in reversed(around) if isinstance(context.program.steps[one], Goto)), "")
    if back:
        target = context.program.steps[back].next
        context.problems.lint(
            context.step_nodes[back].node.position,
            f"nothing ends this cycle: {' → '.join([*around, around[0]])}",
            f"an 'exit', a branch that leads out, or goto: {{step: {target}, repeat: 5}} (forever, if it is meant)",
        )


def no_end_at_purchase(context: _LintContext) -> None:
    """Marketing about a cart, a checkout or a visit that comes after a wait has to end when the customer buys."""
    program = context.program
    if not any(event.startswith(_INTERESTS) for event in context.starts) or context.ends & _PURCHASES:
        return
    after_waits = reached_from(
        program, [target for step in program.steps.values() if _passes_time(step) for target in step.targets()]
    )
    late = next((step for step in context.sends("marketing") if step.id in after_waits), None)
    if late is not None:
        context.problems.warning(
            context.position(late.id, "template"),
            f"'{late.id}' also goes to those who have bought in the meantime",
            "exit: {event: order.placed, reason: bought}",
        )


def _passes_time(step: Step) -> bool:
    """Whether a run may rest at a step: a message only does so until the window opens, a call for moments."""
    return step.rests and not isinstance(step, SendStep | HttpStep | CouponStep | SystemStep)


def no_consent_path(context: _LintContext) -> None:
    """Marketing on a channel whose consent the workflow never looks at: many runs end in nothing.

    A trigger, an exit or an arm on `consent.changed`, `customer.<channel>_consent` in any condition, and a segment
    whose rule has it count as looking.
    """
    definition = context.definition
    if "consent.changed" in context.ends | context.starts:
        return
    texts = [node.text for node in context.root.walk()]
    named = {one.segment for one in definition.triggers if isinstance(one, SegmentTrigger | ScheduleTrigger)}
    named |= {match[2] for text in texts for match in _IN_SEGMENT.finditer(text)}
    texts += [definition.segments[name].rule.text for name in named if name in definition.segments]
    for channel in CHANNELS:
        if any(f"{channel}_consent" in text for text in texts):
            continue
        send = next((step for step in context.sends("marketing") if channel in dict(step.by_channel)), None)
        if send is not None:
            context.problems.warning(
                context.position(send.id, "purpose"),
                f"'{send.id}' is marketing, and nothing here asks for consent: without it the message is dropped",
                f'when: customer.{channel}_consent == "granted", or an exit at consent.changed',
            )


def no_opt_out(context: _LintContext) -> None:
    """Marketing by SMS has to say in each language how one leaves it."""
    for send in context.sends("marketing"):
        template = context.definition.templates.get(dict(send.by_channel).get("sms", ""))
        silent = [
            locale
            for locale, texts in (template.locales if template is not None else {}).items()
            if not names_opt_out(str(texts.get("text", "")))
        ]
        if silent:
            context.problems.warning(
                context.position(send.id, "purpose"),
                f"'{send.id}' is marketing by SMS, and does not say in {', '.join(silent)} how one leaves it",
                "such as: Reply STOP to opt out",
            )


def any_message(context: _LintContext) -> None:
    """Whoever sends and then waits for an opening or a click most likely means those of that message."""
    if next(context.sends(), None) is None:
        return
    for step in context.program.steps.values():
        engaged = [event for arm in step.event_arms() if arm.where is None for event in arm.events if event in _ENGAGED]
        if engaged:
            context.problems.warning(
                context.step_nodes[step.id].node.position,
                f"'{step.id}' goes on at {engaged[0]} of any message to the customer, from other workflows too",
                "where: event.run_id == run.id (any message, if it is meant: where: true)",
            )


def template_uses_before_save(context: _LintContext) -> None:
    """What a template takes of `run` must have been saved on every path to the step that sends it."""
    saved = definitely_assigned(context.program)
    reported: set[tuple[str, str]] = set()
    sent = [(send, template) for send in context.sends() for _, template in send.by_channel]
    for send, template in sent:
        for name, where in context.reading.reads.get(template, {}).items():
            if name in saved.get(send.id, frozenset((name,))) or name in ALWAYS or (template, name) in reported:
                continue
            reported.add((template, name))
            context.problems.lint(
                where,
                f"on some path to '{send.id}' no step has saved run.{name}",
                f"save it before, or write {{% if run.{name} %}}",
            )


def step_uses_before_save(context: _LintContext) -> None:
    """The same for what conditions, values, titles and addresses of steps take: there it is empty, and goes on."""
    for step_id, name, where in uses_before_save(context.program, context.step_nodes):
        context.problems.warning(
            where,
            f"on some path to '{step_id}' no step has saved run.{name}: it is empty there",
            f"save it before, or ask: has(run.{name})",
        )


def never_read(context: _LintContext) -> None:
    """What a step saves and nothing reads is most likely a slip, or left from before."""
    saves = [node.entries["as"] for node in context.root.walk() if node.entries and "as" in node.entries]
    tables = [step.body.entries or {} for step in context.step_nodes.values() if STEP_TYPES[step.kind].always_saves]
    needed = [entries.get("as") for entries in tables]
    texts = "\n".join([*(node.text for node in context.root.walk()), *_template_texts(context.definition)])
    for save in saves:
        if save.is_text and not re.search(rf"\brun\.{re.escape(save.text)}\b", texts):
            advice = "read it, or leave the table out" if any(save is one for one in needed) else "leave 'as' out"
            context.problems.warning(save.position, f"nothing reads run.{save.text}", advice)


def _template_texts(definition: Definition) -> Iterator[str]:
    return (text for path, text in definition.files.items() if path.startswith("templates/"))


def missing_languages(context: _LintContext) -> None:
    """A language that other templates of the workflow have is most likely forgotten."""
    templates = context.definition.templates
    every = {locale for template in templates.values() for locale in template.locales}
    for name, template in templates.items():
        for locale in sorted(every - set(template.locales)):
            others = sorted(other for other in templates if locale in templates[other].locales)
            verb = "have" if len(others) > 1 else "has"
            message = f"there are no texts in '{locale}', and {', '.join(others)} {verb} them"
            context.problems.warning(Position(f"templates/{name}.yaml"), message, f"add {locale}: {{…}}")


_RULES: tuple[Callable[[_LintContext], None], ...] = (
    unknown_segments,
    inescapable_cycles,
    no_end_at_purchase,
    no_consent_path,
    no_opt_out,
    any_message,
    template_uses_before_save,
    step_uses_before_save,
    never_read,
    missing_languages,
)
