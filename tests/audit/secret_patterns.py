"""What looks like a secret that somebody uses: the published forms of tokens, and private keys.

A list of forms and no search for random texts: the tree is full of hashes, recorded bodies and made-up secrets, and
each of these forms alone says whose it is. (`detect-secrets` took 78 s over this tree with such detectors alone.)
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parents[2]
FORMS = {
    "an access key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub": r"\bgh[pousr]_[0-9A-Za-z]{36}\b|\bgithub_pat_[0-9A-Za-z_]{60,}\b",
    "a token of GitLab": r"\bglpat-[0-9A-Za-z_-]{20,}\b",
    "a token of Slack": r"\bxox[abprs]-[0-9A-Za-z-]{20,}\b",
    "a webhook of Slack": r"hooks\.slack\.com/services/T[0-9A-Z]{8,}/B[0-9A-Z]{8,}/[0-9A-Za-z]{20,}",
    "a key of Stripe": r"\b[rs]k_live_[0-9A-Za-z]{20,}\b",
    "a token of Shopify": r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b",
    "a key of SendGrid": r"\bSG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}\b",
    "a key of Mailgun": r"\bkey-[0-9a-f]{32}\b",
    "a key of Brevo": r"\bxkeysib-[0-9a-f]{64}-[0-9A-Za-z]{16}\b",
    "a key of Twilio": r"\bSK[0-9a-f]{32}\b",
    "a key of Google": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "a token of a package index": r"\bpypi-AgE[0-9A-Za-z_-]{50,}\b|\bnpm_[0-9A-Za-z]{36}\b",
    "a private key": r"-----BEGIN (?:RSA |EC |OPENSSH |DSA |ENCRYPTED )?PRIVATE KEY-----\s+[0-9A-Za-z+/=]{40}",
}
PUBLIC = {
    "tests/notifier/tls/key.pem": "of a mail server of the tests, on the loopback interface",
}
"""Files with such a text that opens nothing, and why it is there."""
_ANY = {what: re.compile(form) for what, form in FORMS.items()}
_LARGEST = 2_000_000


class Finding(Struct, frozen=True):
    """Where something looks like a secret, and like what; the text itself is told nowhere."""

    file: str
    line: int
    what: str


def found_in(text: str, file: str) -> Iterator[Finding]:
    """What looks like a secret in a text."""
    for what, form in _ANY.items():
        for found in form.finditer(text):
            yield Finding(file, text.count("\n", 0, found.start()) + 1, what)


def found_in_tree(root: Path) -> list[Finding]:
    """The same in all files that are, or would be, committed, but for `PUBLIC`."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    files = [name for name in names if name and name not in PUBLIC and (root / name).is_file()]
    texts = ((name, (root / name).read_bytes()[:_LARGEST].decode(errors="replace")) for name in files)
    return [one for name, text in texts for one in found_in(text, name)]
