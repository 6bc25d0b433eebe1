"""Compiles the syntax tree of a workflow's steps into its flat program."""

from collections.abc import Callable
from datetime import timedelta

from relevo_contracts.keys import PRODUCT_EVENTS
from relevo_workflow.compiler.arm_labels import arm_labels, check_names
from relevo_workflow.compiler.ast import Block, StepNode
from relevo_workflow.compiler.positions import enclosing_steps
from relevo_workflow.compiler.readers.goto import read_goto
from relevo_workflow.definition.program import Program
from relevo_workflow.definition.workflow import DEFAULT_NOT_AFTER
from relevo_workflow.expressions.expression import Expression
from relevo_workflow.steps import step_types as steps
from relevo_workflow.steps.emit_payloads import check_payload
from relevo_workflow.steps.header_texts import read_headers_of
from relevo_workflow.steps.read_until import read_until
from relevo_workflow.steps.recipients import read_to
from relevo_workflow.steps.step_types import END, Step
from relevo_workflow.syntax.fields import SAVE_NAME, Fields, read_duration
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.liquid_texts import read_liquid
from relevo_workflow.values.reader import Reading, read_fields, read_list, read_value
from relevo_workflow.values.text_context import TextFields
from relevo_workflow.values.value import LiquidText, Value

LONGEST_TIMEOUT = timedelta(seconds=60)


class StepReader:
    """Reads steps; every step gets the id of the one after it, so that the program is flat."""

    def __init__(self, reading: Reading, default_not_after: timedelta = DEFAULT_NOT_AFTER) -> None:
        self.reading = reading
        self.problems = reading.problems
        self.names = reading.names.without_event()
        self._not_after = default_not_after
        self._steps: dict[str, Step] = {}
        self._ids: frozenset[str] = frozenset()

    def read(self, syntax_tree: list[StepNode]) -> Program:
        """The whole program."""
        self._ids = frozenset(inner.id for step in syntax_tree for inner in step.walk())
        order = [inner.id for step in syntax_tree for inner in step.walk()]
        first = self._block(syntax_tree, END)
        found = {step_id: self._steps[step_id] for step_id in order if step_id in self._steps}
        given = frozenset(inner.id for step in syntax_tree for inner in step.walk() if inner.given)
        return Program(found, first, given, enclosing_steps(syntax_tree))

    def _block(self, syntax_tree: list[StepNode], after: str) -> str:
        """Reads a list of steps that is followed by `after`; gives the id of its first step."""
        followers = [step.id for step in syntax_tree[1:]] + [after]
        for step, follower in zip(syntax_tree, followers, strict=False):
            read = self._READERS[step.kind]
            compiled = read(self, step, follower)
            if compiled is not None:
                self._steps[step.id] = compiled
        return syntax_tree[0].id if syntax_tree else after

    def _fields(self, step: StepNode, what: str) -> Fields:
        return Fields(step.body, self.problems, what)

    def _condition(self, fields: Fields, name: str) -> Expression | None:
        node = fields.get(name)
        return self.reading.condition(node, self.names) if node is not None else None

    def _where(self, fields: Fields, events: tuple[str, ...]) -> Expression | None:
        node = fields.get("where")
        return self.reading.condition(node, self.reading.about(*events)) if node is not None else None

    # --- waiting ---------------------------------------------------------------------------------------------

    def _wait(self, step: StepNode, after: str) -> Step | None:
        if step.body.entries is None:
            length = read_duration(step.body, self.problems)
            if length is not None and length <= timedelta():
                self.problems.error(step.body.position, "a wait must be longer than nothing")
            return steps.Wait(step.id, after, length) if length is not None else None
        fields = self._fields(step, "wait")
        until = fields.need("until", 'write wait: 4h, or wait: {until: "09:00"}')
        zone = fields.zone()
        offset = fields.signed_duration("offset") or timedelta()
        at = fields.time("at")
        fields.done()
        wait = steps.WaitUntil(step.id, after, zone, at, None, None, None, offset)
        return read_until(until, wait, self.reading, self.names) if until is not None else None

    def _wait_for(self, step: StepNode, after: str) -> Step | None:
        if step.body.items is None:
            self.problems.error(step.body.position, "wait_for must be a list of events and a timeout")
            return None
        arms: list[steps.EventArm] = []
        timeout: timedelta | None = None
        timeout_target = after
        for label, block in self._labelled(step):
            fields = Fields(block.node, self.problems, "an arm of wait_for")
            if "timeout" in fields:
                if timeout is not None:
                    self.problems.error(fields.position("timeout"), "there are two timeouts")
                timeout = fields.duration("timeout") or timedelta(days=1)
                if "event" in fields:
                    advice = "an arm waits for an event or is the timeout"
                    self.problems.error(block.node.position, "this arm is two things", advice)
                    fields.get("event")
                timeout_target = self._arm_target(fields, block, after)
            else:
                arms.append(self._event_arm(label, fields, block, after))
            fields.done()
        if not arms:
            self.problems.error(step.body.position, "wait_for waits for no event", "for a time alone write wait: 3d")
        if timeout is None:
            advice = "add '- timeout: 3d' with its own steps"
            self.problems.error(step.body.position, "wait_for has no timeout: a run could wait for ever", advice)
        return steps.WaitFor(step.id, after, tuple(arms), timeout, timeout_target)

    def _labelled(self, step: StepNode) -> list[tuple[str, Block]]:
        nodes = [block.node for block in step.blocks]
        check_names(step.kind, nodes, self.problems)
        return list(zip(arm_labels(step.kind, nodes), step.blocks, strict=True))

    def _event_arm(self, label: str, fields: Fields, block: Block, after: str) -> steps.EventArm:
        events = self.reading.event_types(fields, "event")
        where = self._where(fields, events)
        key = fields.get("key")
        expression = self.reading.expression(key, self.names, want=("STRING",)) if key is not None else None
        self._check_key(fields, key, events)
        save = fields.save_name()
        fields.text("name")
        early = fields.choice("since", ("wait", "start"), "wait") == "start"
        if early and key is not None:
            fields.wrong("since", "events of a product count from the wait on", "leave 'since' out")
        return steps.EventArm(label, events, where, save, self._arm_target(fields, block, after), expression, early)

    def _check_key(self, fields: Fields, key: Node | None, events: tuple[str, ...]) -> None:
        """Only products are waited for by key, and their events reach a customer's run in no other way."""
        mine = [event for event in events if not event.startswith(PRODUCT_EVENTS)]
        if key is not None and mine:
            self.problems.error(key.position, f"{mine[0]} is about the customer, not a product", "leave out 'key'")
        about_product = any(trigger.startswith(PRODUCT_EVENTS) for trigger in self.names.triggers)
        if key is None and len(mine) < len(events) and not about_product:
            advice = "key: trigger.product_id, or where the run has the id of the product"
            self.problems.error(fields.position("event"), "the run would never hear of it: of which product?", advice)

    def _arm_target(self, fields: Fields, block: Block, after: str) -> str:
        fields.get("steps")
        return self._block(block.steps, after)

    # --- choosing --------------------------------------------------------------------------------------------

    def _branch(self, step: StepNode, after: str) -> Step | None:
        if not step.body.items:
            self.problems.error(step.body.position, "branch must be a list of 'when' and 'otherwise'")
            return None
        arms: list[steps.BranchArm] = []
        for number, (label, block) in enumerate(self._labelled(step), start=1):
            fields = Fields(block.node, self.problems, "an arm of branch")
            otherwise = fields.flag("otherwise", "its steps stand under 'steps'")
            condition = self._condition(fields, "when")
            if otherwise and number < len(step.blocks):
                self.problems.error(fields.position("otherwise"), "'otherwise' must be the last arm")
            if otherwise == ("when" in fields):
                self.problems.error(block.node.position, "an arm of branch needs either 'when' or 'otherwise'")
            fields.text("name")
            arms.append(steps.BranchArm(label, condition, self._arm_target(fields, block, after)))
            fields.done()
        return steps.Branch(step.id, after, tuple(arms))

    def _split(self, step: StepNode, after: str) -> Step | None:
        if step.body.items is None or len(step.body.items) < 2:
            self.problems.error(step.body.position, "split must be a list of at least two variants")
            return None
        arms: list[steps.SplitArm] = []
        for block in step.blocks:
            fields = Fields(block.node, self.problems, "a variant of split")
            label = fields.name("name", required=True)
            weight = fields.count("weight", 1, least=0)
            if label in [arm.label for arm in arms]:
                fields.wrong("name", f"there are two variants '{label}'")
            arms.append(steps.SplitArm(label, weight, self._arm_target(fields, block, after)))
            fields.done()
        if sum(arm.weight for arm in arms) == 0:
            self.problems.error(step.body.position, "the weights of a split can't all be 0")
        return steps.Split(step.id, after, tuple(arms))

    def _decide(self, step: StepNode, after: str) -> Step | None:
        fields = self._fields(step, "decide")
        hit = fields.choice("hit", ("first", "unique", "collect"), "first")
        save = fields.save_name()
        if not save and "as" not in fields:
            self.problems.error(step.body.position, "decide needs 'as'", "the name by which 'run' has the result")
        given = fields.need("rules")
        nodes = given.items if given is not None and given.items else ()
        if given is not None and not nodes:
            self.problems.error(given.position, "'rules' must be a list of 'when' or 'otherwise', each with 'set'")
        check_names(step.kind, nodes, self.problems)
        rules = [self._rule(label, one) for label, one in zip(arm_labels(step.kind, nodes), nodes, strict=True)]
        for node in nodes[:-1]:
            if "otherwise" in node.keys:
                self.problems.error(node.keys["otherwise"], "'otherwise' must be the last rule")
        fields.done()
        return steps.DecideTable(step.id, after, hit, tuple(rules), save)

    def _rule(self, label: str, node: Node) -> steps.Rule:
        fields = Fields(node, self.problems, "a rule of decide")
        otherwise = fields.flag("otherwise", "its values stand under 'set'")
        condition = self._condition(fields, "when")
        if otherwise == ("when" in fields):
            self.problems.error(node.position, "a rule of decide needs either 'when' or 'otherwise'")
        fields.text("name")
        given = fields.need("set")
        for key, where in (given.keys if given is not None else {}).items():
            if not SAVE_NAME.match(key):
                advice = "a lower-case letter, then letters, digits, '_'"
                self.problems.error(where, f"'{key}' can't be used in expressions", advice)
        values = read_fields(given, self.reading, self.names)
        fields.done()
        return steps.Rule(label, condition, values)

    # --- doing -----------------------------------------------------------------------------------------------

    def _send(self, step: StepNode, after: str) -> Step | None:
        fields = self._fields(step, "send")
        template = fields.text("template", required=True)
        channel = fields.choice("channel", ("email", "sms"), required=True)
        purpose = fields.choice("purpose", ("marketing", "transactional"), required=True)
        not_after = fields.duration("not_after", self._not_after) or self._not_after
        to = read_to(fields, purpose, self.names)
        fields.done()
        self.reading.uses_template(fields, template, channel)
        return steps.SendStep(
            step.id,
            after,
            "sms" if channel == "sms" else "email",
            template,
            "transactional" if purpose == "transactional" else "marketing",
            not_after,
            TextFields.of(self.reading.paths.get(template, ())),
            to,
        )

    def _http(self, step: StepNode, after: str) -> Step | None:
        fields = self._fields(step, "http")
        method = fields.choice("method", ("GET", "POST", "PUT", "PATCH", "DELETE"), "POST")
        url = fields.need("url")
        fields.text("url")
        if url is not None and url.text and not url.text.startswith(("https://", "http://")):
            self.problems.error(url.position, "'url' must begin with https://", "only the rest may be Liquid")
        read_headers = read_headers_of(fields, self.names, self.problems)
        body = fields.get("body")
        timeout = fields.duration("timeout", timedelta(seconds=10)) or timedelta(seconds=10)
        if timeout > LONGEST_TIMEOUT:
            fields.wrong("timeout", "an HTTP call may take 60 seconds at most")
        on_error = fields.choice("on_error", ("continue", "stop"), "continue")
        save = fields.save_name()
        fields.done()
        return steps.HttpStep(
            step.id,
            after,
            method,
            read_liquid(url, self.names, self.problems, "address") if url else LiquidText(None, ""),
            read_headers,
            read_value(body, self.reading, self.names) if body is not None else None,
            timeout,
            save,
            on_error == "stop",
        )

    def _task(self, step: StepNode, after: str) -> Step | None:
        fields = self._fields(step, "task")
        task = self._read_task(fields, step, after)
        fields.done()
        return task

    def _read_task(self, fields: Fields, step: StepNode, after: str) -> steps.TaskStep:
        title = fields.need("title")
        fields.text("title")
        deadline = fields.duration("deadline")
        reminder = fields.duration("reminder")
        if reminder is not None and deadline is not None and reminder >= deadline:
            fields.wrong("reminder", "the reminder comes after the deadline")
        escalate = fields.get("escalate")
        escalation = self._escalation(escalate) if escalate is not None else None
        if escalate is not None and escalation is not None and deadline is not None and escalation.after >= deadline:
            self.problems.error(escalate.position, "the escalation comes after the deadline")
        return steps.TaskStep(
            step.id,
            after,
            read_liquid(title, self.names, self.problems) if title else LiquidText(None, ""),
            fields.text("skill"),
            fields.texts("roles"),
            deadline,
            reminder,
            escalation,
            fields.save_name(),
        )

    def _escalation(self, node: Node) -> steps.Escalation:
        fields = Fields(node, self.problems, "escalate")
        after = fields.duration("after", required=True) or timedelta(days=1)
        escalation = steps.Escalation(after, fields.text("skill"), fields.texts("roles"))
        if not escalation.skill and not escalation.roles:
            self.problems.error(node.position, "escalate needs 'skill' or 'roles'")
        fields.done()
        return escalation

    def _approve(self, step: StepNode, after: str) -> Step | None:
        fields = self._fields(step, "approve")
        needed = fields.count("needed", 1)
        task = self._read_task(fields, step, after)
        targets = {block.label: self._block(block.steps, after) for block in step.blocks}
        for name in ("approved", "rejected", "expired"):
            fields.get(name)
        fields.done()
        if task.deadline is None:
            self.problems.error(step.body.position, "approve needs 'deadline'", "deadline: 3d, and 'expired' steps")
        if not task.roles:
            advice = "roles: [finance], whoever may decide it"
            self.problems.warning(step.body.position, f"anybody of the staff may decide '{step.id}'", advice)
        targets = {name: targets.get(name, after) for name in ("approved", "rejected", "expired")}
        return steps.ApproveStep(step.id, after, task, needed, **targets)

    def _set(self, step: StepNode, after: str) -> Step | None:
        fields = self._fields(step, "set")
        attributes = read_fields(fields.get("attributes"), self.reading, self.names)
        tags_node = fields.get("tags")
        fields.done()
        add: tuple[Value, ...] = ()
        remove: tuple[Value, ...] = ()
        if tags_node is not None:
            tags = Fields(tags_node, self.problems, "tags")
            add = read_list(tags.get("add"), self.reading, self.names)
            remove = read_list(tags.get("remove"), self.reading, self.names)
            tags.done()
        return steps.SetStep(step.id, after, attributes, add, remove)

    def _emit(self, step: StepNode, after: str) -> Step | None:
        fields = self._fields(step, "emit")
        events = self.reading.event_types(fields, "event", one=True)
        node = fields.get("data")
        data = read_fields(node, self.reading, self.names)
        fields.done()
        if events:
            check_payload(events[0], step.body, data, self.reading, self.names)
        return steps.EmitStep(step.id, after, events[0] if events else "", data)

    def _start(self, step: StepNode, after: str) -> Step | None:
        fields = self._fields(step, "start")
        workflow = fields.name("workflow", required=True)
        node = fields.get("for_each")
        each = self.reading.expression(node, self.names, want=("LIST",)) if node is not None else None
        data = read_fields(fields.get("data"), self.reading, self.names)
        fields.done()
        return steps.StartStep(step.id, after, workflow, each, data)

    def _goto(self, step: StepNode, after: str) -> Step | None:
        return read_goto(step, after, self._ids | self.reading.broken, self.problems)

    def _stop(self, step: StepNode, after: str) -> Step | None:
        if not step.body.text:
            self.problems.error(step.node.position, "stop needs a reason", "stop: already bought")
        return steps.Stop(step.id, END, step.body.text)

    _READERS: dict[str, Callable[["StepReader", StepNode, str], Step | None]] = {
        "wait": _wait,
        "wait_for": _wait_for,
        "branch": _branch,
        "split": _split,
        "decide": _decide,
        "send": _send,
        "http": _http,
        "task": _task,
        "approve": _approve,
        "set": _set,
        "emit": _emit,
        "start": _start,
        "goto": _goto,
        "stop": _stop,
    }
