"""What the steps have in common that ask another system of the shop and wait for its answer (`http`, `system`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from relevo_workflow.model.decision import Check
from relevo_workflow.model.effects import Effect
from relevo_workflow.steps.step import ANSWER_WITHIN, Moment, Step, Transition
from relevo_workflow.syntax.declared_fields import choice_field

LONGEST_TIMEOUT = timedelta(seconds=60)
ON_ERROR = choice_field("on_error", ("continue", "stop"), "`stop`: a failure ends the run", default="continue")


@dataclass(frozen=True, slots=True)
class CallStep(Step):
    """A step at which a run rests until a system has answered; `run.<save>` keeps what it answered.

    `timeout` bounds one try. `stop_on_error`: a failure ends the run.
    """

    timeout: timedelta
    save: str
    stop_on_error: bool
    noun = "call"
    box = "call"
    rests = True
    acts = True
    acts_at_once = True

    def saves(self) -> list[tuple[str, frozenset[str]]]:
        """Its answer."""
        return [(self.next, frozenset((self.save,)))]

    def asked(self, call: Effect, moment: Moment, trace: Sequence[Check]) -> Transition:
        """The call was decided; the run waits for what comes of it, a day at most."""
        timers = {"step": moment.at + ANSWER_WITHIN}
        return Transition(effects=(call,), timers=timers, trace=trace, reason=f"waits for the answer to {self.id}")

    def succeeded(self, answer: Mapping[str, object]) -> Transition:
        """Keeps the answer and goes on."""
        return Transition(next=self.next, leaves="", saved={self.save: answer}, labels=("ok",))

    def failed(self, answer: Mapping[str, object], said: str, why: str, trace: Sequence[Check] = ()) -> Transition:
        """Keeps the answer and goes on, or ends where the author wants that of a failure; `said` is for the trace."""
        check = Check(at=f"{self.id}/error", expression="", error=said)
        ends = f"{self.id} failed: {why}" if self.stop_on_error else None
        saved = {self.save: answer}
        return Transition(next=self.next, ends=ends, leaves="", saved=saved, labels=("error",), trace=(*trace, check))
