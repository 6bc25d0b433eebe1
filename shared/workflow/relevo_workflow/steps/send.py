"""`send`: a message from a template."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from relevo_contracts.contact import Channel
from relevo_contracts.messages import Purpose
from relevo_workflow.model.effects import Send
from relevo_workflow.steps.reading import StepReading
from relevo_workflow.steps.recipients import read_to, recipient
from relevo_workflow.steps.step import Moment, MovedRun, Step, Transition
from relevo_workflow.steps.step_type import StepType, text_at
from relevo_workflow.syntax.declared_fields import StepField, choice_field, duration_field, text_field
from relevo_workflow.syntax.diagnostics import suggestion
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.json_shapes import NAME, TEXT
from relevo_workflow.values.text_context import TextFields, liquid_context

_CHANNELS = {"email": "e-mail", "sms": "SMS"}
_LEGAL = ("marketing", "transactional")


@dataclass(frozen=True, slots=True)
class SendStep(Step):
    """Sends a message from a template, whose texts name `fields`. `to` as in `recipients`: empty for the customer.

    `topic` is a purpose of the contact policy, `purpose` what that is before the law; without one it is the purpose.
    """

    channel: Channel
    template: str
    purpose: Purpose
    not_after: timedelta
    fields: TextFields
    to: tuple[str, ...] = ()
    topic: str = ""
    noun = "message"
    box = "send"
    rests = True
    acts = True

    def enter(self, moment: Moment) -> Transition:
        """Sends, or waits until the workflow's window opens."""
        opens = moment.opens_at()
        if opens > moment.at:
            reason = f"waits for its window, which opens at {opens.isoformat()}"
            return Transition(timers={"step": opens}, reason=reason)
        reason = f"{self.id} sends '{self.template}'"
        return Transition(next=self.next, effects=(self._message(moment),), reason=reason)

    def on_timer(self, moment: Moment, name: str) -> Transition:
        """The window opens."""
        del name
        return self.enter(moment)

    def _message(self, moment: Moment) -> Send:
        """What the template may name goes with it."""
        scope = moment.scope()
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
            reason=f"{self.id} of {scope.run_state.workflow}",
        )

    def about(self) -> tuple[str, ...]:
        """What it sends, and how."""
        return (self.channel, self.template)

    def timers_when_moved(self, was: Step, moved: MovedRun) -> dict[str, datetime | None]:
        """When the window of the new version opens."""
        del was
        return {"step": moved.opens_at()}

    def in_words(self) -> str:
        """`sends e-mail “welcome” (marketing)`."""
        return f"sends {_CHANNELS[self.channel]} “{self.template}”\n({self.topic or self.purpose})"


CHANNEL = choice_field("channel", ("email", "sms"), "`email` or `sms`")
TEMPLATE = text_field(
    "template",
    "the name of a file in `templates/`",
    required=True,
    schema={**TEXT, "description": "templates/<name>.yaml"},
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
_FIELDS = (CHANNEL, TEMPLATE, PURPOSE, NOT_AFTER, TO)


def _read(reading: StepReading) -> Step | None:
    fields = reading.fields("send")
    template, channel, purpose = TEMPLATE.read(fields), CHANNEL.read(fields), PURPOSE.read(fields)
    not_after = NOT_AFTER.read(fields) or reading.not_after
    topic, purpose = _purpose(fields, purpose, reading)
    to = read_to(fields, purpose, reading.environment)
    fields.done()
    reading.workflow.uses_template(fields, template, channel)
    return SendStep(
        reading.node.id,
        reading.after,
        "sms" if channel == "sms" else "email",
        template,
        "transactional" if purpose == "transactional" else "marketing",
        not_after,
        TextFields.of(reading.workflow.paths.get(template, ())),
        to,
        topic,
    )


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
