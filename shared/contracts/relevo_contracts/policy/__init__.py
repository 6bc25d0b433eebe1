"""The contact policy: whether, when and by which channel somebody is written to. Pure, for the notifier and the tests.

`model` is a policy as it is deployed, `decide` the one decision at the moment of sending, `hours` and `countries` when
it is quiet, `caps` how many messages somebody gets. `relevo_workflow` reads policies from YAML.
"""

from relevo_contracts.policy.caps import GRANTED, Allotment, Attempted, Competitor, Given, allot, attempted, competitor
from relevo_contracts.policy.decide import NOUN, Asked, decide, decide_before_caps, order_of, refusal
from relevo_contracts.policy.hours import QuietHours, quiet_until
from relevo_contracts.policy.model import (
    AS_BEFORE,
    MARKETING,
    UNREADABLE,
    Cap,
    Kind,
    Policy,
    Purpose,
    QuietRule,
    Repeats,
    read_policy,
)
from relevo_contracts.policy.verdicts import Go, Later, Rule, Skip, Verdict

__all__ = [
    "AS_BEFORE",
    "GRANTED",
    "MARKETING",
    "NOUN",
    "UNREADABLE",
    "Allotment",
    "Asked",
    "Attempted",
    "Cap",
    "Competitor",
    "Given",
    "Go",
    "Kind",
    "Later",
    "Policy",
    "Purpose",
    "QuietHours",
    "QuietRule",
    "Repeats",
    "Rule",
    "Skip",
    "Verdict",
    "allot",
    "attempted",
    "competitor",
    "decide",
    "decide_before_caps",
    "order_of",
    "quiet_until",
    "read_policy",
    "refusal",
]
