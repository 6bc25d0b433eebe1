"""Who may change a workflow, by its `change:` level. Pure.

`production` needs a review by somebody else than the author, `administrative` the approval of a named approver. The
stricter of the old and the new version's level counts: lowering the level is a change under the old one.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from relevo_runtime.catalog import EVERY_SHOP, Approver
from relevo_workflow import WORKFLOW_FILE, Problems, read_yaml

LEVELS = ("ad-hoc", "administrative", "production")
"""From the freest to the strictest."""


class SignOff(Struct, frozen=True, kw_only=True):
    """Who stands behind a deployment; empty: nobody."""

    author: str
    reviewer: str = ""
    approver: str = ""
    note: str = ""


class SignOffAdvice(Struct, frozen=True):
    """How somebody reviews and approves, as it is told to whoever lacks it."""

    review: str
    approve: str


BY_NAME = SignOffAdvice("--review-by NAME", "--approve-by NAME")
BY_LOGIN = SignOffAdvice(*["they approve the plan by its digest: `relevo approve`"] * 2)


def strictest(*levels: str) -> str:
    """The level that counts."""
    return max(levels, key=LEVELS.index)


def level_of(files: Mapping[str, str]) -> str:
    """The level that stored files say which this release can't read as a workflow.

    The strictest for a level that it does not know, and for a file that is not a plain YAML mapping: what can't be read
    must not make a change freer.
    """
    problems = Problems()
    root = read_yaml(WORKFLOW_FILE, files.get(WORKFLOW_FILE, "").removeprefix("\ufeff"), problems)
    if root is None or root.entries is None or problems.errors:
        return LEVELS[-1]
    declared = root.entries.get("change")
    if declared is None:
        return LEVELS[0]
    return declared.text if declared.text in LEVELS else LEVELS[-1]


def objection(
    workflow: str,
    level: str,
    sign_off: SignOff,
    approvers: Sequence[Approver],
    shop: str,
    *,
    advice: SignOffAdvice = BY_NAME,
) -> str:
    """What is missing for this deployment, and what to do; empty if nothing is."""
    if level == "production":
        if not sign_off.reviewer:
            return (
                f"{workflow} is a production workflow: a new version needs a review by somebody else ({advice.review})"
            )
        if sign_off.reviewer.casefold() == sign_off.author.casefold():
            return f"{workflow} is a production workflow: {sign_off.author} is its author and can't review it too"
    if level == "administrative":
        if not sign_off.approver:
            return f"{workflow} is an administrative workflow: it needs a named approver ({advice.approve})"
        if not any(one.name == sign_off.approver and one.shop in (EVERY_SHOP, shop) for one in approvers):
            whom = "every shop" if shop == EVERY_SHOP else f"the shop {shop}"
            adding = f"add them with `relevo approvers add {sign_off.approver}`"
            return f"{sign_off.approver} is not an approver for {whom}; {adding}"
    return ""
