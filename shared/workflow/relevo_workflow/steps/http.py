"""`http`: calls another system and waits for its answer."""

from dataclasses import dataclass
from datetime import timedelta

from relevo_workflow.expressions.shapes import RESPONSE, Shape
from relevo_workflow.model.decision import Check
from relevo_workflow.model.effects import Http
from relevo_workflow.model.inputs import ResponseInput
from relevo_workflow.steps.calling import LONGEST_TIMEOUT, ON_ERROR, CallStep
from relevo_workflow.steps.header_texts import read_headers_of
from relevo_workflow.steps.reading import StepReading
from relevo_workflow.steps.step import Moment, Step, Transition
from relevo_workflow.steps.step_type import StepType
from relevo_workflow.steps.words import liquid_in_words
from relevo_workflow.syntax.declared_fields import (
    StepField,
    choice_field,
    duration_or,
    liquid_field,
    node_field,
    save_field,
)
from relevo_workflow.syntax.json_shapes import ANYTHING, TEXT
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.liquid_texts import read_liquid
from relevo_workflow.values.reader import read_value
from relevo_workflow.values.value import LiquidText, Value


@dataclass(frozen=True, slots=True)
class HttpStep(CallStep):
    """Calls another system and waits for its answer."""

    method: str
    url: LiquidText
    headers: tuple[tuple[str, LiquidText], ...]
    body: Value | None

    def enter(self, moment: Moment) -> Transition:
        """Asks for the call."""
        scope, trace = moment.scope(), list[Check]()
        call = Http(
            id=moment.run.effect_key,
            step=self.id,
            method=self.method,
            url=self.url.compute(scope, self.id, trace),
            timeout_seconds=self.timeout.total_seconds(),
            headers={name: text.compute(scope, self.id, trace) for name, text in self.headers},
            body=self.body.compute(scope, self.id, trace) if self.body is not None else None,
        )
        return self.asked(call, moment, trace)

    def on_response(self, moment: Moment, answer: ResponseInput) -> Transition:
        """Keeps what was answered, and goes on, or ends where the author wants that of a failure."""
        del moment
        return self._answered(answer.status, answer.body, answer.error)

    def on_timer(self, moment: Moment, name: str) -> Transition:
        """Nobody has answered."""
        del moment, name
        return self._answered(0, None, "no answer in a day")

    def _answered(self, status: int, body: object, error: str) -> Transition:
        ok = not error and 200 <= status < 300
        kept = {"ok": ok, "status": status, "body": body, "error": error}
        if ok:
            return self.succeeded(kept)
        why = error or f"it was answered with status {status}"
        return self.failed(kept, f"the call failed: {why}", error or f"status {status}")

    def about(self) -> tuple[str, ...]:
        """What it calls."""
        return (self.method, self.url.text)

    def in_words(self) -> str:
        """`calls POST erp.example.com/orders`."""
        return f"calls {self.method} {liquid_in_words(self.url.text.split('://')[-1])}"


METHOD = choice_field("method", ("GET", "POST", "PUT", "PATCH", "DELETE"), "the method", default="POST")
URL = liquid_field(
    "url",
    "the address; Liquid after its scheme",
    {"type": "string", "pattern": "^https?://", "description": "Liquid"},
)
HEADERS = StepField(
    "headers",
    lambda fields: fields.get("headers"),
    {"type": "object", "additionalProperties": TEXT},
    "headers by name; Liquid, and `{{ secrets.NAME }}`",
    holds="text",
)
BODY = node_field("body", ANYTHING, "values, sent as JSON", holds="values")
TIMEOUT = duration_or("timeout", timedelta(seconds=10), "how long one try may take, 60 seconds at most")
SAVE = save_field("keeps the answer as `run.<name>`: `ok`, `status`, `body`, `error`")
_FIELDS = (METHOD, URL, HEADERS, BODY, TIMEOUT, SAVE, ON_ERROR)


def _read(reading: StepReading) -> Step | None:
    names, problems = reading.environment, reading.problems
    fields = reading.fields("http")
    method, url = METHOD.read(fields), URL.read(fields)
    if url is not None and url.text and not url.text.startswith(("https://", "http://")):
        problems.error(url.position, "'url' must begin with https://", "only the rest may be Liquid")
    headers = read_headers_of(fields, names, problems)
    body, timeout = BODY.read(fields), TIMEOUT.read(fields)
    if timeout > LONGEST_TIMEOUT:
        fields.wrong("timeout", "an HTTP call may take 60 seconds at most")
    on_error, save = ON_ERROR.read(fields), SAVE.read(fields)
    fields.done()
    return HttpStep(
        id=reading.node.id,
        next=reading.after,
        method=method,
        url=read_liquid(url, names, problems, "address") if url else LiquidText(None, ""),
        headers=headers,
        body=read_value(body, reading.workflow, names) if body is not None else None,
        timeout=timeout,
        save=save,
        stop_on_error=on_error == "stop",
    )


def _shape(body: Node, name: str) -> Shape:
    del body, name
    return RESPONSE


HTTP = StepType(
    keyword="http",
    summary="calls another system and waits for its answer",
    read=_read,
    fields=_FIELDS,
    shape=_shape,
    numbered=True,
)
