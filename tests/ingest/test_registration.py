"""What is registered at a platform, compared with what should be: a plan that leaves nothing to do once it is done."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from relevo_ingest.connectors.platform_api import Exchange
from relevo_ingest.connectors.registration import Registered, Registration, Step, steps
from relevo_ingest.connectors.registry import CONNECTORS, REGISTRATIONS

HERE, ELSEWHERE = "https://relevo.example/hooks/tea/platform", "https://erp.example/in"


class Platform:
    """A platform with three topics, and one that not every shop has."""

    topics = ("a", "b", "c")
    further = ("d",)
    pings = False

    def __init__(self, signed_by: str = "") -> None:
        self.signed_by = signed_by

    def listed(self) -> Exchange[Sequence[Registered]]:
        raise NotImplementedError

    def create(self, topic: str, address: str, secret: str) -> Exchange[Registered]:
        raise NotImplementedError

    def delete(self, webhook: Registered) -> Exchange[None]:
        raise NotImplementedError


webhooks = st.lists(
    st.builds(
        Registered,
        id=st.integers(0, 20).map(str),
        topic=st.sampled_from(["a", "b", "c", "d", "of somebody else"]),
        address=st.sampled_from([HERE, HERE + "/", ELSEWHERE]),
        problem=st.sampled_from(["", "", "it is disabled"]),
    ),
    unique_by=lambda one: one.id,
    max_size=10,
)
known = st.dictionaries(st.sampled_from(["a", "b", "c", "d", "of old"]), st.integers(0, 20).map(str), max_size=4)


def done(
    plan: Sequence[Step], found: Sequence[Registered], made: dict[str, str]
) -> tuple[list[Registered], dict[str, str]]:
    """What there is after the plan, and what is known of it."""
    there = {one.id: one for one in found}
    made = dict(made)
    for number, step in enumerate(plan):
        if step.found is not None and step.do in ("replace", "delete"):
            del there[step.found.id]
        if step.do in ("create", "replace"):
            new = Registered(id=f"new-{number}", topic=step.topic, address=HERE)
            there[new.id] = new
            made[step.topic] = new.id
        if step.do == "keep" and step.found is not None:
            made[step.topic] = step.found.id
    return list(there.values()), {topic: one for topic, one in made.items() if one in there}


@given(webhooks, known, st.sampled_from(["", "client_secret"]))
def test_after_the_plan_each_topic_comes_once_and_nothing_is_left_to_do(
    found: list[Registered], made: dict[str, str], signed_by: str
) -> None:
    platform: Registration = Platform(signed_by)
    there, ids = done(steps(platform, HERE, found, made), found, made)
    assert {step.do for step in steps(platform, HERE, there, ids)} == {"keep"}
    ours = [one for one in there if one.address.rstrip("/") == HERE and one.topic in (*platform.topics, "d")]
    assert sorted(one.topic for one in ours) == ["a", "b", "c", "d"]
    assert not any(one.problem for one in ours)
    others = [one for one in found if one.address == ELSEWHERE and one.id not in made.values()]
    assert all(one in there for one in others), "webhooks of others are left alone"


def test_each_step_says_why() -> None:
    found = [
        Registered(id="1", topic="a", address=HERE),
        Registered(id="2", topic="b", address=HERE, problem="it is disabled"),
        Registered(id="3", topic="c", address="https://old.example/hooks"),
        Registered(id="4", topic="a", address=HERE),
    ]
    plan = steps(Platform(), HERE, found, {"a": "1", "b": "2", "c": "3"})
    assert [(one.do, one.topic, one.why) for one in plan] == [
        ("keep", "a", ""),
        ("delete", "a", "it is a second one for this topic"),
        ("replace", "b", "it is disabled"),
        ("replace", "c", "it delivers to https://old.example/hooks"),
        ("create", "d", "there is none"),
    ]
    by_hand = [Registered(id="9", topic="a", address=HERE)]
    assert steps(Platform(), HERE, by_hand, {})[0].do == "replace"
    assert steps(Platform("client_secret"), HERE, by_hand, {})[0].do == "keep", "the app's secret signs it as well"


def test_what_is_registered_is_read() -> None:
    def canonical(topic: str) -> str:
        return topic.replace("/", "_").replace(".", "_").lower()

    for name, registration in REGISTRATIONS.items():
        read = {canonical(topic) for topic in CONNECTORS[name].events_by_topic}
        wanted = [*registration.topics, *registration.further]
        assert {canonical(topic) for topic in wanted} <= read, name
        assert len(set(wanted)) == len(wanted), name
