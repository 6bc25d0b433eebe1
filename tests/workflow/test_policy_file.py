"""policy.yaml: read with every mistake at its place, and tested in virtual time beside the workflows and by itself."""

from datetime import timedelta
from textwrap import dedent
from typing import Any

import jsonschema
import msgspec
import pytest

from relevo_contracts.policy import Policy, read_policy
from relevo_workflow import diagnose_policy, policy_schema, read_yaml, suggestion
from relevo_workflow.compiler.load import version_of
from relevo_workflow.model.effects import Send
from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.testing import POLICY_TESTS, SuiteResult, run_policy_tests, run_tests
from tests.workflow.shop import Customer, a_workflow, files, problems_of

POLICY = """
purposes:
  newsletter: {kind: consent, covered_by: marketing, priority: 40}
  survey: {kind: consent, priority: 10}
  similar: {kind: soft_opt_in}
  receipt: {kind: transactional}
quiet_hours:
  - {from: "21:00", until: "08:00"}
  - {days: [sun], channels: sms, countries: [fr, BE], source: our own rule}
caps:
  - {most: 2, per: 7d}
  - {most: 1, per: 1d, purposes: [newsletter, survey], channels: email}
same_content: {within: 3d}
preferred: [sms, email]
priorities: {abandoned-cart: 80}
spread: 1h
"""


def policy(text: str = POLICY) -> Policy:
    found, problems = diagnose_policy({"policy.yaml": dedent(text)})
    assert found is not None, problems
    return found


def test_a_policy_says_what_its_text_says() -> None:
    found = policy()
    assert {name: (one.kind, one.priority) for name, one in found.purposes.items()} == {
        "newsletter": ("consent", 40),
        "survey": ("consent", 10),
        "similar": ("soft_opt_in", 50),
        "receipt": ("transactional", 100),
    }
    assert found.legal_hours
    assert [rule.hours is not None for rule in found.quiet] == [True]
    assert {country: [rule.days for rule in rules] for country, rules in found.countries.items()} == {
        "FR": [(6,)],
        "BE": [(6,)],
    }
    assert [(cap.most, cap.per, cap.purposes) for cap in found.caps] == [
        (2, timedelta(days=7), ()),
        (1, timedelta(days=1), ("newsletter", "survey")),
    ]
    assert (found.preferred, found.priorities, found.spread) == (
        ("sms", "email"),
        {"abandoned-cart": 80},
        timedelta(hours=1),
    )
    assert found.version != policy(POLICY + "\n").version


def test_an_empty_policy_changes_only_what_the_law_says() -> None:
    found = policy("legal_hours: true")
    assert (found.caps, found.quiet, found.purposes, found.spread) == ((), (), {}, timedelta(minutes=30))


@pytest.mark.parametrize(
    ("text", "message", "advice"),
    [
        ("purposes: [newsletter]", "3: 'purposes' must be a mapping", "newsletter: {kind: consent}"),
        ("purposes: {newsletter: {}}", "purpose 'newsletter' needs 'kind'", ""),
        ("purposes: {newsletter: {kind: opt_in}}", "'kind' can't be 'opt_in'", "soft_opt_in"),
        ("purposes: {marketing: {kind: transactional}}", "'marketing' can't be of the kind", "another name"),
        ("purposes: {a: {kind: consent, covered_by: b}}", "there is no other purpose 'b'", "marketing"),
        ("purposes: {a: {kind: consent, covered_by: a}}", "there is no other purpose 'a'", "marketing"),
        ("purposes: {a: {kind: consent, covered_by: transactional}}", "'transactional' is transactional", ""),
        ("purposes: {a: {kind: soft_opt_in, covered_by: marketing}}", "does not need the consent of another", ""),
        ("purposes: {a: {kind: consent, priority: -1}}", "'priority' must be a whole number", ""),
        ("quiet_hours: {from: '21:00'}", "quiet hours need 'from' and 'until', or 'days'", ""),
        ("quiet_hours: {from: '21:00', until: '21:00'}", "begin when they end", "days"),
        ("quiet_hours: {from: 25:00, until: '08:00'}", "is not a time of day", ""),
        ("quiet_hours: {days: [someday]}", "'someday' is not a weekday", "mon"),
        ("quiet_hours: {days: [mon], countries: [Atlantis]}", "'Atlantis' is not a country", "ISO 3166"),
        ("quiet_hours: {days: [mon], channels: fax}", "there is no channel 'fax'", "email"),
        ("quiet_hours: [{from: '08:00', until: '21:00'}, {from: '20:00', until: '09:00'}]", "no email ever goes", ""),
        ("quiet_hours: {days: [mon, tue, wed, thu, fri, sat, sun], channels: sms}", "no sms ever goes out", ""),
        ("quiet_hours: {from: '12:00', until: '11:00', countries: RU}", "ever goes out in RU", ""),
        ("caps: {most: 2}", "a cap needs 'per'", ""),
        ("caps: {per: 7d}", "a cap needs 'most'", "most: 2"),
        ("caps: {most: 0, per: 7d}", "'most' must be a whole number of at least 1", ""),
        ("caps: {most: 1, per: 91d}", "can't be longer than 90 days", ""),
        ("caps: {most: 1, per: 7d, purposes: [surveys]}", "there is no purpose 'surveys'", "marketing"),
        ("caps: {most: 1, per: 7d, purposes: transactional}", "such messages neither count nor wait", ""),
        ("same_content: {within: soon}", "'soon' is not", ""),
        ("spread: 2d", "can't be longer than 12 hours", ""),
        ("priorities: {cart: high}", "'cart' must be a whole number", ""),
        ("preferred: [email, pigeon]", "there is no channel 'pigeon'", "sms"),
        ("cap: {most: 1, per: 7d}", "a contact policy has no field 'cap'", "caps"),
        ("[]", "a contact policy must be a mapping", ""),
    ],
)
def test_every_mistake_is_told_at_its_place(text: str, message: str, advice: str) -> None:
    found, problems = diagnose_policy({"policy.yaml": f"# one\n# two\n{text}"})
    assert found is None
    [one, *_] = problems
    assert message in f"{one.position.line}: {one.message}"
    assert advice in one.help
    assert (one.position.file, one.position.line) == ("policy.yaml", 3)


def test_editors_have_a_schema_of_it() -> None:
    jsonschema.Draft202012Validator.check_schema(policy_schema())
    node = read_yaml("policy.yaml", POLICY, Problems())
    assert node is not None
    jsonschema.validate(node.plain(), policy_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"caps": {"most": 0, "per": "7d"}}, policy_schema())


# --- beside workflows ------------------------------------------------------------------------------------------------

FLOW = """
workflow: flow
trigger: {event: form.submitted}
reentry: several
steps:
  - send: {channel: email, template: news, purpose: PURPOSE}
"""
BESIDE: dict[str, Any] = {"policy.yaml": POLICY}


def flow(purpose: str) -> str:
    return FLOW.replace("PURPOSE", purpose)


def test_a_workflow_names_the_purposes_of_its_policy() -> None:
    customer = Customer(a_workflow(flow("newsletter"), "news", **BESIDE)).does("form.submitted", form="x")
    [sent] = [one.effect for one in customer.simulation.effects if isinstance(one.effect, Send)]
    assert (sent.topic, sent.purpose) == ("newsletter", "marketing")
    definition = a_workflow(flow("receipt"), "news", **BESIDE)
    [step] = definition.program.steps.values()
    assert "(receipt)" in step.in_words()


def test_a_purpose_that_nobody_declared_is_told() -> None:
    [one] = problems_of(flow("newsleter"), "news", **BESIDE)
    assert (one.message, one.help) == ("there is no purpose 'newsleter'", "did you mean 'newsletter'?")
    [one] = problems_of(flow("newsletter"), "news")
    assert "policy.yaml" in one.help
    assert suggestion("x", ["marketing"]) in one.help or "marketing" in one.help


def test_the_policy_does_not_count_for_the_version_of_a_workflow() -> None:
    assert version_of(files(flow("survey"), "news", **BESIDE)) == version_of(files(flow("survey"), "news"))


TESTS = """
given:
  start: 2026-03-10 12:00
  customer: {email: ana@example.com, timezone: Europe/Madrid, CONSENTS}
  trigger: {event: form.submitted, data: {form: x}}
tests:
  - name: it
    TIME
    expect: {sends: [SENDS]}
"""


def suite(
    sends: str, *, consents: str = "email_consent: granted", purpose: str = "marketing", time: str = ""
) -> SuiteResult:
    text = TESTS.replace("CONSENTS", consents).replace("SENDS", sends).replace("TIME", time)
    definition = a_workflow(
        flow(purpose), "news", **{"policy.yaml": POLICY, "layouts/message.txt": "{{ text.heading }}"}
    )
    return run_tests(definition, {"tests/it.yaml": text})


@pytest.mark.parametrize(
    ("sends", "changes"),
    [
        ("{email: news}", {}),
        ("{email: news, sent: 2026-03-10 12:00}", {}),
        ("{email: news, skipped: no_consent}", {"consents": "email_consent: withdrawn"}),
        ("{email: news, skipped: no_consent, purpose: survey}", {"purpose": "survey"}),
        ("{email: news}", {"purpose": "survey", "consents": "topics: {email/survey: granted}"}),
        ("{email: news}", {"purpose": "similar", "consents": "last_order_at: 2026-01-01 10:00"}),
        ("{email: news}", {"purpose": "receipt", "consents": "", "time": "start: 2026-03-10 22:00"}),
        ("{email: news, sent: 2026-03-11 08:00, put_off: [quiet_hours]}", {"time": "start: 2026-03-10 22:00"}),
        (
            "{email: news}, {email: news, skipped: repeated}",
            {"time": "events: [{at: +1h, event: form.submitted, data: {form: x}}]"},
        ),
    ],
)
def test_a_test_says_what_the_policy_does_with_a_message(sends: str, changes: dict[str, str]) -> None:
    found = suite(sends, **changes)
    assert found.passed, (found.problems, [one.failures for one in found.results])


@pytest.mark.parametrize(
    ("sends", "changes", "says"),
    [
        ("{email: news}", {"consents": "email_consent: withdrawn"}, "skips it (no_consent): no consent to marketing"),
        ("{email: news}", {"time": "start: 2026-03-10 22:00"}, "puts it off (quiet_hours)"),
        ("{email: news, skipped: capped}", {}, "'skipped' differs"),
        ("{email: news, sent: 2026-03-10 13:00}", {}, "'sent' differs"),
    ],
)
def test_what_a_test_does_not_say_of_the_policy_fails_it(sends: str, changes: dict[str, str], says: str) -> None:
    [result] = suite(sends, **changes).results
    assert says in " ".join(one.help for one in result.failures)


# --- by itself -------------------------------------------------------------------------------------------------------

CASES = """
given: {zone: Europe/Madrid, consents: {marketing: granted}}
tests:
  - {name: noon, at: 2026-03-10 12:00, expect: sent}
  - {at: 2026-03-10 22:00, expect: {put_off: quiet_hours, until: 2026-03-11 08:00}}
  - {at: 2026-03-10 14:00Z, channel: sms, country: US, expect: {put_off: quiet_hours, until: 2026-03-10 18:00Z}}
  - {at: 2026-03-10 14:00Z, channel: sms, timezone: America/New_York, expect: sent}
  - {at: 2026-03-10 12:00, purpose: survey, expect: {skipped: no_consent}}
  - {at: 2026-03-10 12:00, purpose: survey, consents: {survey: granted}, expect: sent}
  - {at: 2026-03-10 12:00, purpose: similar, bought: true, consents: {}, expect: sent}
  - {at: 2026-03-10 23:00, purpose: receipt, consents: {}, expect: sent}
  - {at: 2026-03-10 23:00, purpose: receipt, suppressed: true, expect: {skipped: suppressed}}
  - {at: 2026-03-10 12:00, unsubscribed: -1h, expect: {skipped: unsubscribed}}
  - {at: 2026-03-10 12:00, not_after: 1h, before: [{at: -1h}, {at: -2h}], expect: {skipped: capped}}
  - {at: 2026-03-10 12:00, before: [{at: -6d}, {at: -1h}], expect: {put_off: capped, until: 2026-03-11 12:00}}
  - {at: 2026-03-10 12:00, before: [{at: -8d}, {at: -1h}], expect: sent}
  - {at: 2026-03-10 12:00, template: a, before: [{at: -1d, template: a}], expect: {skipped: repeated}}
  - at: 2026-03-10 12:00
    before: [{at: -1d}]
    waiting: [{at: +1h, workflow: abandoned-cart}]
    expect: put_off
"""


def test_a_table_of_cases_runs() -> None:
    found = run_policy_tests(policy(), POLICY_TESTS, CASES)
    assert found.passed, (found.problems, [one.failures for one in found.results])
    assert len(found.results) == 15
    assert found.results[0].name == "noon"


def test_a_case_that_differs_is_told_with_the_reason() -> None:
    text = "tests:\n  - {at: 2026-03-10 12:00, expect: sent}\n"
    [result] = run_policy_tests(policy(), POLICY_TESTS, text).results
    [one] = result.failures
    assert (one.message, one.position.line) == ("expected sent, got skipped: no_consent", 2)
    assert "no consent to marketing" in one.help


@pytest.mark.parametrize(
    "case",
    [
        "{expect: sent}",
        "{at: noon, expect: sent}",
        "{at: 2026-03-10 12:00}",
        "{at: 2026-03-10 12:00, expect: maybe}",
        "{at: 2026-03-10 12:00, expect: {until: 2026-03-10 12:00}}",
        "{at: 2026-03-10 12:00, channel: fax, expect: sent}",
        "{at: 2026-03-10 12:00, purpose: surveys, expect: sent}",
        "{at: 2026-03-10 12:00, zone: Mars, expect: sent}",
        "{at: 2026-03-10 12:00, timezone: Mars, expect: sent}",
        "{at: 2026-03-10 12:00, consents: {marketing: yes}, expect: sent}",
        "{at: 2026-03-10 12:00, befor: [], expect: sent}",
        "{at: 2026-03-10 12:00, before: [{purpose: survey}], expect: sent}",
        "nonsense",
        "[]",
    ],
)
def test_a_case_that_can_not_be_read_is_told(case: str) -> None:
    found = run_policy_tests(policy(), POLICY_TESTS, f"tests:\n  - {case}\n")
    assert found.problems
    assert all(one.position.file == POLICY_TESTS for one in found.problems)


def test_a_compiled_policy_is_what_the_notifier_reads() -> None:
    assert read_policy(msgspec.json.encode(policy())) == policy()


# --- the preferred channel -------------------------------------------------------------------------------------------

EITHER = """
workflow: flow
trigger: {event: form.submitted}
steps:
  - send: {channel: preferred, templates: {email: news, sms: sms-news}, purpose: marketing}
"""


def test_a_message_by_the_preferred_channel_has_a_template_of_each() -> None:
    definition = a_workflow(EITHER, "news", "sms-news", **BESIDE)
    [sent] = [
        one.effect
        for one in Customer(definition).does("form.submitted", form="x").simulation.effects
        if isinstance(one.effect, Send)
    ]
    assert sent.templates == {"email": "news", "sms": "sms-news"}
    assert (sent.channel, sent.template) == ("sms", "sms-news")  # the first of the policy
    [step] = definition.program.steps.values()
    assert step.in_words() == "sends SMS “sms-news” or e-mail “news”\n(marketing)"


@pytest.mark.parametrize(
    ("send", "message"),
    [
        ("{channel: preferred, template: news, purpose: marketing}", "needs a template of each channel"),
        ("{channel: preferred, purpose: marketing}", "send needs 'templates'"),
        ("{channel: preferred, templates: {email: news}, purpose: marketing}", "nothing to choose from"),
        ("{channel: preferred, templates: {email: news, sms: nws}, purpose: marketing}", "there is no template 'nws'"),
        ("{channel: preferred, templates: {email: news, sms: news}, purpose: marketing}", "is for email, not for sms"),
        ("{channel: preferred, templates: {email: news, fax: news}, purpose: marketing}", "has no field 'fax'"),
        ("{channel: preferred, templates: news, purpose: marketing}", "must be a mapping"),
        ("{channel: email, templates: {email: news, sms: sms-news}, purpose: marketing}", "need channel: preferred"),
        ("{channel: email, purpose: marketing}", "needs 'template'"),
    ],
)
def test_what_the_preferred_channel_needs_is_checked(send: str, message: str) -> None:
    text = EITHER[: EITHER.index("- send")] + f"- send: {send}\n"
    found = problems_of(text, "news", "sms-news")
    assert message in found[0].message, found


@pytest.mark.parametrize(
    ("customer", "sends"),
    [
        ("email: a@example.com, email_consent: granted", "{email: news}"),
        ("email: a@example.com, phone: '+12025550123', sms_consent: granted", "{sms: sms-news}"),
        (
            "email: a@example.com, email_consent: granted, phone: '+12025550123', sms_consent: granted",
            "{sms: sms-news, locale: en, body: Hello}",
        ),
        ("email: a@example.com", "{sms: sms-news, skipped: no_address}"),
    ],
)
def test_tests_see_the_channel_that_was_chosen(customer: str, sends: str) -> None:
    text = TESTS.replace("email: ana@example.com, ", "").replace("CONSENTS", customer).replace("SENDS", sends)
    more = {"policy.yaml": POLICY, "layouts/message.txt": "{{ text.heading }}"}
    found = run_tests(a_workflow(EITHER, "news", "sms-news", **more), {"tests/it.yaml": text.replace("TIME", "")})
    assert found.passed, (found.problems, [one.failures for one in found.results])
