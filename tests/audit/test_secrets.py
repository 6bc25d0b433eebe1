"""No secret is in the tree, and one that were would be found."""

import subprocess
from pathlib import Path

import pytest

from tests.audit import secret_patterns
from tests.audit.secret_patterns import FORMS, Finding, found_in, found_in_tree

# Put together here, so that this file has none of them.
PLANTED = {
    "an access key of AWS": "AKIA" + "Q" * 16,
    "a token of GitHub": "ghp_" + "a1" * 18,
    "a token of GitLab": "glpat-" + "x" * 20,
    "a token of Slack": "xoxb-" + "1" * 24,
    "a webhook of Slack": "hooks.slack.com/services/T" + "0" * 9 + "/B" + "0" * 9 + "/" + "x" * 24,
    "a key of Stripe": "sk_live_" + "x" * 24,
    "a token of Shopify": "shpat_" + "a" * 32,
    "a key of SendGrid": "SG." + "x" * 22 + "." + "y" * 43,
    "a key of Mailgun": "key-" + "0a" * 16,
    "a key of Brevo": "xkeysib-" + "0a" * 32 + "-" + "x" * 16,
    "a key of Twilio": "SK" + "0a" * 16,
    "a key of Google": "AIza" + "x" * 35,
    "a token of a package index": "npm_" + "x" * 36,
    "a private key": "-----BEGIN " + "PRIVATE KEY-----\n" + "M" * 64,
}


def test_the_tree_has_no_secret() -> None:
    assert found_in_tree(secret_patterns.ROOT) == []


def test_what_is_public_is_still_there() -> None:
    assert [name for name in secret_patterns.PUBLIC if not (secret_patterns.ROOT / name).is_file()] == []


@pytest.mark.parametrize("what", FORMS)
def test_each_form_is_found_and_where(what: str) -> None:
    assert list(found_in(f"first\nkey = '{PLANTED[what]}'\n", "a.py")) == [Finding("a.py", 2, what)]


def test_a_secret_that_is_planted_in_a_repository_is_found(tmp_path: Path) -> None:
    subprocess.run(("git", "init", "-q", str(tmp_path)), check=True)
    (tmp_path / "settings.env").write_text(f"TOKEN={PLANTED['a token of GitHub']}\n")
    assert found_in_tree(tmp_path) == [Finding("settings.env", 1, "a token of GitHub")]
