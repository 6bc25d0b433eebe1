"""`send`: a message from a template."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from relevo_contracts.contact import CHANNELS, Channel
from relevo_contracts.messages import Purpose
from relevo_workflow.model.decision import Check
from relevo_workflow.model.effects import Send
from relevo_workflow.steps.reading import StepReading
from relevo_workflow.steps.recipients import best_recipient, read_to, recipient
from relevo_workflow.steps.recommending import RECOMMEND, Recommending, read_recommend
from relevo_workflow.steps.step import MAX_HOPS, WORKFLOW_CYCLE, Moment, MovedRun, Step, Transition
from relevo_workflow.steps.step_type import StepType, text_at
from relevo_workflow.syntax.declared_fields import StepField, choice_field, duration_field, node_field, text_field
from relevo_workflow.syntax.diagnostics import suggestion
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.json_shapes import NAME, TEXT, record
from relevo_workflow.values.text_context import TextFields, liquid_context

_NAMES: dict[Channel, str] = {"email": "e-mail", "sms": "SMS", "whatsapp": "WhatsApp", "push": "push"}
PREFERRED = "preferred"
_LEGAL = ("marketing", "transactional")


@dataclass(frozen=True, slots=True)
class SendStep(Step):
    """Sends a message from a template, whose texts name `fields`. `to` as in `recipients`: empty for the customer.

    `templates` are those of the channels of which the best is chosen when it is sent; `channel` is the first of them.
    `topic` is a purpose of the contact policy, `purpose` what that is before the law; without one it is the purpose.
    """

    channel: Channel
    template: str
    purpose: Purpose
    not_after: timedelta
    fields: TextFields
    to: tuple[str, ...] = ()
    topic: str = ""
    templates: tuple[tuple[Channel, str], ...] = ()
    recommending: Recommending | None = None
    noun = "message"
    box = "send"
    rests = True
    acts = True

    def enter(self, moment: Moment) -> Transition:
        """Sends, or waits until the workflow's window opens.

        Not (with a note in the trace) after too many hops: what comes of the message could lead here again, and so on.
        """
        opens = moment.opens_at()
        if opens > moment.at:
            reason = f"waits for its window, which opens at {opens.isoformat()}"
            return Transition(timers={"step": opens}, reason=reason)
        if moment.hops > MAX_HOPS:
            refused = Check(at=self.id, expression=f"send {self.template}", error=WORKFLOW_CYCLE)
            return Transition(next=self.next, trace=(refused,), reason=WORKFLOW_CYCLE)
        reason = f"{self.id} sends '{self.template}'"
        return Transition(next=self.next, effects=(self._message(moment),), reason=reason)

    def on_timer(self, moment: Moment, name: str) -> Transition:
        """The window opens."""
        del name
        return self.enter(moment)

    def _message(self, moment: Moment) -> Send:
        """What the template may name goes with it."""
        scope = moment.scope()
        if self.templates:
            to, whom = best_recipient(self.to, [channel for channel, _ in self.templates], scope)
        else:
            to, whom = recipient(self.to, self.channel, scope)
        return Send(
            id=moment.run.effect_key,
            step=self.id,
            channel=self.channel,
            template=self.template,
            purpose=self.purpose,
            decided_at=scope.now,
            not_after=scope.now + self.not_after,
            context=liquid_context(scope, self.fields),
            recipient=whom,
            to=to,
            topic=self.topic,
            templates=dict(self.templates),
            reason=f"{self.id} of {scope.run_state.workflow}",
            hops=moment.hops,
            recommend=self.recommending.at(scope) if self.recommending is not None else None,
        )

    def recommends(self) -> bool:
        """Whether its messages recommend products."""
        return self.recommending is not None

    def about(self) -> tuple[str, ...]:
        """What it sends, and how."""
        if self.templates:
            return (PREFERRED, *(template for _, template in self.templates))
        return (self.channel, self.template)

    @property
    def by_channel(self) -> tuple[tuple[Channel, str], ...]:
        """The channels that it may take, each with its template."""
        return self.templates or ((self.channel, self.template),)

    def timers_when_moved(self, was: Step, moved: MovedRun) -> dict[str, datetime | None]:
        """When the window of the new version opens."""
        del was
        return {"step": moved.opens_at()}

    def in_words(self) -> str:
        """`sends e-mail “welcome” (marketing)`."""
        if self.templates:
            ways = " or ".join(f"{_NAMES[channel]} “{template}”" for channel, template in self.templates)
            return f"sends {ways}\n({self.topic or self.purpose})"
        return f"sends {_NAMES[self.channel]} “{self.template}”\n({self.topic or self.purpose})"


CHANNEL = choice_field(
    "channel",
    (*CHANNELS, PREFERRED),
    "`email`, `sms`, `whatsapp`, `push`, or `preferred`: the best of those that `templates` has",
)
TEMPLATE = text_field(
    "template",
    "the name of a file in `templates/`; with `channel: preferred` it is `templates`",
    schema={**TEXT, "description": "templates/<name>.yaml"},
)
TEMPLATES = node_field(
    "templates",
    {**record(dict.fromkeys(CHANNELS, TEXT)), "minProperties": 2},
    "with `channel: preferred`: the template of each channel, `{email: reminder, sms: reminder-sms}`",
)
PURPOSE = text_field(
    "purpose",
    "`marketing` needs consent, `transactional` does not; or a purpose of `policy.yaml`",
    required=True,
    schema={**NAME, "description": "marketing, transactional, or a purpose of policy.yaml"},
)
NOT_AFTER = duration_field("not_after", "how late is too late for it", default="that of the workflow")
TO = StepField(
    "to",
    lambda fields: fields.get("to"),
    {
        "type": "string",
        "pattern": r"^(customer|contact|run\.[a-z][a-z0-9_]*\.contact)$",
        "description": "who gets it: the customer, or the contact of the event (of the trigger, or a saved one)",
    },
    "who gets it: `customer`, `contact` (that of the trigger's event), or `run.<name>.contact` of a saved event",
    default="`contact` for transactional messages where the trigger has one, else `customer`",
)
_FIELDS = (CHANNEL, TEMPLATE, TEMPLATES, PURPOSE, NOT_AFTER, TO, RECOMMEND)


def _read(reading: StepReading) -> Step | None:
    fields = reading.fields("send")
    channel, purpose = CHANNEL.read(fields), PURPOSE.read(fields)
    templates = _templates(fields, channel, reading)
    not_after = NOT_AFTER.read(fields) or reading.not_after
    topic, purpose = _purpose(fields, purpose, reading)
    to = read_to(fields, purpose, reading.environment)
    recommending = read_recommend(fields, tuple(template for _, template in templates), reading)
    fields.done()
    return SendStep(
        reading.node.id,
        reading.after,
        templates[0][0],
        templates[0][1],
        "transactional" if purpose == "transactional" else "marketing",
        not_after,
        TextFields.of({path for _, template in templates for path in reading.workflow.paths.get(template, ())}),
        to,
        topic,
        templates if channel == PREFERRED else (),
        recommending,
    )


def _templates(fields: Fields, channel: str, reading: StepReading) -> tuple[tuple[Channel, str], ...]:
    """The channels that it may take, the first choice first, each with its template."""
    example = "templates: {email: reminder, sms: reminder-sms}"
    template, given = TEMPLATE.read(fields), TEMPLATES.read(fields)
    if channel != PREFERRED:
        if given is not None:
            fields.wrong("templates", "several templates need channel: preferred", "template: the one of this channel")
        elif "template" not in fields:
            fields.need("template")
        reading.workflow.uses_template(fields, template, channel)
        return ((next((one for one in CHANNELS if one == channel), "email"), template),)
    if template:
        fields.wrong("template", "channel: preferred needs a template of each channel", example)
    if given is None:
        if not template:
            fields.need("templates", example)
        return (("email", template),)
    inner = Fields(given, reading.problems, "'templates'", example)
    found: dict[Channel, str] = {}
    first = reading.workflow.policy.preferred if reading.workflow.policy is not None else ()
    for name in dict.fromkeys((*first, *CHANNELS)):
        found[name] = inner.text(name)
        reading.workflow.uses_template(inner, found[name], name, at=name)
        if found[name] in reading.workflow.unapproved:
            message = f"'{found[name]}' is not approved: by WhatsApp it goes only to who has just written"
            inner.wrong(name, message, "give it 'approved', or send it alone")
    inner.done()
    found = {name: one for name, one in found.items() if one}
    if given.entries is not None and len(given.entries) < 2:
        reading.problems.error(given.position, "there is nothing to choose from with fewer than two channels", example)
    return tuple(found.items()) or (("email", ""),)


def _purpose(fields: Fields, given: str, reading: StepReading) -> tuple[str, str]:
    """The purpose by its name in the policy (empty for the two that are always there), and what the law says it is."""
    if given in _LEGAL or not given:
        return "", given
    policy = reading.workflow.policy
    known = policy.purposes if policy is not None else {}
    if given not in known:
        advice = suggestion(given, (*_LEGAL, *known))
        if policy is None and not advice.startswith("did you mean"):
            advice = f"{advice}; others are declared in policy.yaml beside the workflows"
        fields.wrong("purpose", f"there is no purpose '{given}'", advice)
    return given, "transactional" if given in known and known[given].kind == "transactional" else "marketing"


SEND = StepType(
    keyword="send",
    summary="sends a message from a template",
    read=_read,
    fields=_FIELDS,
    stem=text_at("template"),
)
