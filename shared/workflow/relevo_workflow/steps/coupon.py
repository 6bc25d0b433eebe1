"""`coupon`: takes a code that nobody else gets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from relevo_workflow.expressions.shapes import COUPON as COUPON_SHAPE
from relevo_workflow.model.decision import Check
from relevo_workflow.model.effects import ArmTimer, Effect, KeepCoupon, TakeCoupon
from relevo_workflow.model.inputs import ResponseInput
from relevo_workflow.model.state import HeldCoupon
from relevo_workflow.steps.reading import Arm, StepReading
from relevo_workflow.steps.step import ANSWER_WITHIN, Moment, Step, Transition
from relevo_workflow.steps.step_type import StepType, steps_field
from relevo_workflow.syntax.declared_fields import duration_or, name_field, save_field, text_field
from relevo_workflow.syntax.yaml_source import Node

TAKEN, EMPTY = "taken", "empty"
COUPON_TIMERS = "coupon"
"""Timers of a customer for the ends of codes are named `coupon/<effect key>`."""


@dataclass(frozen=True, slots=True)
class CouponStep(Step):
    """Takes a code from a pool for this run alone. The same run, asked again, gets the same code.

    Without a code it goes on with `fallback`, a code that is everybody's, where there is one, else at `empty`.
    """

    pool: str
    save: str
    valid_for: timedelta
    fallback: str
    empty: str
    noun = "coupon"
    box = "call"
    rests = True
    acts = True
    acts_at_once = True

    def targets(self) -> list[str]:
        """What follows, then what follows without a code, where that may differ."""
        return [self.next] if self.fallback else [self.next, self.empty]

    def labels(self) -> list[str]:
        """Whether there was a code; with a fallback it makes no difference to the path."""
        return [] if self.fallback else [TAKEN, EMPTY]

    def saves(self) -> list[tuple[str, frozenset[str]]]:
        """The code, on the paths that have one."""
        taken = (self.next, frozenset((self.save,)))
        return [taken] if self.fallback else [taken, (self.empty, frozenset())]

    def enter(self, moment: Moment) -> Transition:
        """Asks for a code."""
        until = moment.at + self.valid_for if self.valid_for else None
        contact = moment.scope().facts.contact
        wanted = TakeCoupon(
            id=moment.run.effect_key,
            step=self.id,
            pool=self.pool,
            valid_until=until,
            email=contact.email,
            customer_id=contact.customer_id,
        )
        timers = {"step": moment.at + ANSWER_WITHIN}
        return Transition(effects=(wanted,), timers=timers, reason=f"waits for a code of the pool {self.pool}")

    def on_response(self, moment: Moment, answer: ResponseInput) -> Transition:
        """Keeps the code, and has its end reported; or goes on without one, and says why."""
        given = answer.body if isinstance(answer.body, Mapping) else {}
        code, expires_at = given.get("code"), given.get("expires_at")
        if answer.error or answer.status != 200 or not isinstance(code, str) or not code:
            return self._without(answer.error or f"it was answered with status {answer.status}")
        saved = self._saved(code, expires_at)
        return Transition(
            next=self.next, leaves="", saved=saved, labels=(TAKEN,), effects=self._kept(moment, code, expires_at)
        )

    def on_timer(self, moment: Moment, name: str) -> Transition:
        """Nobody has answered."""
        del moment, name
        return self._without("no answer in a day")

    def _kept(self, moment: Moment, code: str, expires_at: object) -> tuple[Effect, ...]:
        """That the customer has the code; a rehearsal gives none."""
        run = moment.run
        if run.test:
            return ()
        coupon = HeldCoupon(
            id=run.effect_key,
            code=code,
            pool=self.pool,
            workflow=run.workflow,
            taken_at=moment.at,
            expires_at=_instant(expires_at),
            hops=moment.hops + 1,
        )
        timer = end_timer(coupon, run.customer)
        kept = KeepCoupon(id=run.effect_key, coupon=coupon)
        return (kept,) if timer is None else (kept, timer)

    def _without(self, why: str) -> Transition:
        check = Check(at=f"{self.id}/{EMPTY}", expression="", error=f"there is no code of its own: {why}")
        saved = self._saved(self.fallback, None) if self.fallback else {}
        target = self.next if self.fallback else self.empty
        return Transition(next=target, leaves="", saved=saved, labels=(EMPTY,), trace=(check,))

    def _saved(self, code: str, expires_at: object) -> dict[str, object]:
        return {self.save: {"code": code, "expires_at": expires_at if isinstance(expires_at, str) else None}}

    def about(self) -> tuple[str, ...]:
        """Where the code comes from."""
        return (self.pool,)

    def in_words(self) -> str:
        """`takes a code from the pool “welcome”`."""
        otherwise = f", or {self.fallback} if there is none" if self.fallback else ""
        return f"takes a code from the pool “{self.pool}”{otherwise}"

    def paths_in_words(self) -> list[tuple[str, str]]:
        """With a code, and without."""
        return [(self.next, "")] if self.fallback else [(self.next, "a code"), (self.empty, "no code left")]


def end_timer(coupon: HeldCoupon, customer: str) -> ArmTimer | None:
    """What wakes the customer at the end of a code; `None` if it has none."""
    if coupon.expires_at is None:
        return None
    name = f"{COUPON_TIMERS}/{coupon.id}"
    return ArmTimer(id=f"{customer}/{name}", name=name, due_at=coupon.expires_at)


def _instant(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


POOL = name_field("pool", "the pool of codes, as it was imported")
SAVE = save_field("keeps the code as `run.<name>`: `code`, `expires_at`", required=True)
VALID_FOR = duration_or("valid_for", timedelta(0), "only a code that is valid for so long, or without an end")
FALLBACK = text_field("fallback", "a code for everybody, where the pool has none left")
EMPTY_STEPS = steps_field(EMPTY)
_FIELDS = (POOL, SAVE, VALID_FOR, FALLBACK, EMPTY_STEPS)


def _read(reading: StepReading) -> Step | None:
    fields = reading.fields("coupon")
    pool, save = POOL.read(fields), SAVE.read(fields)
    valid_for, fallback = VALID_FOR.read(fields), FALLBACK.read(fields)
    EMPTY_STEPS.read(fields)
    fields.done()
    block = next((one for one in reading.node.blocks if one.label == EMPTY), None)
    if bool(fallback) == (block is not None):
        reading.problems.error(
            reading.node.body.position,
            "coupon needs 'fallback' or 'empty', and not both: what is to be done if the pool has no code left",
            "fallback: HELLO10, a code for everybody; or empty: [...], other steps",
        )
    empty = reading.target(block) if block is not None else reading.after
    return CouponStep(reading.node.id, reading.after, pool, save, valid_for, fallback, empty)


def _arms(body: Node) -> Iterable[Arm]:
    entries = body.entries or {}
    return [Arm(EMPTY, entries[EMPTY], entries[EMPTY])] if EMPTY in entries else []


COUPON = StepType(
    keyword="coupon",
    summary="takes a code for this run alone from a pool of them",
    read=_read,
    fields=_FIELDS,
    arms=_arms,
    shape=lambda body, name: COUPON_SHAPE,
    numbered=True,
    always_saves=True,
)
