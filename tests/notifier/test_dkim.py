"""DKIM: every mail that we write verifies, and nothing that was changed does. By a verifier of its own."""

import asyncio
import base64
from multiprocessing import active_children
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from relevo_notifier.app.ports import Message
from relevo_notifier.core.mime import build_mail
from relevo_notifier.core.provider_results import Sent
from relevo_notifier.providers.smtp.client import SmtpProvider
from relevo_notifier.providers.smtp.dkim import SigningKey, read_keys, with_signatures
from relevo_notifier.providers.smtp.options import SmtpOptions
from relevo_notifier.providers.smtp.signer import Signer
from relevo_sandbox.sandbox import Sandbox
from tests.notifier.dkim_verifier import PublicKey, verified
from tests.notifier.test_mime import NASTY, mail_content

RSA_KEY = rsa.generate_private_key(65537, 2048)
ED_KEY = ed25519.Ed25519PrivateKey.generate()
KEYS = [SigningKey("example.com", "r1", RSA_KEY), SigningKey("example.com", "e1", ED_KEY)]
PUBLIC: dict[str, PublicKey] = {"r1": RSA_KEY.public_key(), "e1": ED_KEY.public_key()}
UNSUBSCRIBE = "https://example.com/u/" + "x" * 200

# RFC 8463 appendix A.3, with the key of A.2.
EXAMPLE = b"""DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
""".replace(b"\n", b"\r\n")
EXAMPLE_KEY = ed25519.Ed25519PublicKey.from_public_bytes(
    base64.b64decode("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
)


def valid(mail: bytes) -> list[bool]:
    return [is_valid for _, is_valid in verified(mail, PUBLIC)]


def test_the_verifier_agrees_with_the_example_of_the_rfc() -> None:
    assert [is_valid for _, is_valid in verified(EXAMPLE, {"brisbane": EXAMPLE_KEY})] == [True]
    changed = EXAMPLE.replace(b"hungry", b"thirsty")
    assert [is_valid for _, is_valid in verified(changed, {"brisbane": EXAMPLE_KEY})] == [False]


@given(NASTY, NASTY, st.text(max_size=300), st.booleans())
def test_every_mail_verifies(subject: str, name: str, text: str, marketing: bool) -> None:
    mail = mail_content(
        subject=subject,
        recipient_name=name,
        text=text,
        html=f"<p>{text}</p>",
        effect=text,
        unsubscribe_url=UNSUBSCRIBE if marketing else "",
    )
    signed = with_signatures(build_mail(mail), KEYS)
    assert valid(signed) == [True, True]
    assert signed.endswith(build_mail(mail))
    assert max(len(line) for line in signed.partition(b"\r\nDate: ")[0].split(b"\r\n")) <= 120


@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"  ", b"\r\n", b"\r\n ", b"."]), max_size=30))
def test_every_body_verifies(pieces: list[bytes]) -> None:
    mail = b"From: a@example.com\r\nSubject:  a\t b \r\n\tc\r\n\r\n" + b"".join(pieces)
    assert valid(with_signatures(mail, KEYS)) == [True, True]


def test_both_headers_for_unsubscribing_are_signed_and_none_can_be_added() -> None:
    signed = with_signatures(build_mail(mail_content(unsubscribe_url=UNSUBSCRIBE)), KEYS)
    for tags, is_valid in verified(signed, PUBLIC):
        names = tags["h"].split(":")
        assert is_valid
        assert (names.count("list-unsubscribe"), names.count("list-unsubscribe-post"), names.count("from")) == (2, 2, 2)
        assert (tags["d"], tags["c"]) == ("example.com", "relaxed/relaxed")


@pytest.mark.parametrize(
    ("what", "instead"),
    [
        (b"Subject: Your cart", b"Subject: Your card"),
        (b"From: ", b"From: evil@example.org\r\nFrom: "),
        (b"\r\nTo: ", b"\r\nList-Unsubscribe: <https://evil.example>\r\nTo: "),
        (b"\r\nTo: ", b"\r\nReply-To: evil@example.org\r\nTo: "),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        (b"Hello", b"Hallo"),
    ],
)
def test_what_was_changed_on_the_way_does_not_verify(what: bytes, instead: bytes) -> None:
    signed = with_signatures(build_mail(mail_content(unsubscribe_url=UNSUBSCRIBE)), KEYS)
    changed = signed.replace(what, instead, 1)
    assert changed != signed
    assert valid(changed) == [False, False]


def test_what_relays_may_change_still_verifies() -> None:
    signed = with_signatures(build_mail(mail_content()), KEYS)
    received = (
        b"Received: by mx.example.net\r\n" + signed.replace(b"\r\nSubject: ", b"\r\nSUBJECT:\r\n   ", 1) + b"\r\n\r\n"
    )
    assert valid(received) == [True, True]


def pem(
    folder: Path, name: str, key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
) -> Path:
    file = folder / name
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file


async def test_a_mail_goes_out_with_the_signatures_of_its_senders_domain(sandbox: Sandbox, tmp_path: Path) -> None:
    mine, also, other = pem(tmp_path, "r", RSA_KEY), pem(tmp_path, "e", ED_KEY), pem(tmp_path, "o", ED_KEY)
    dkim = f"example.com:r1:{mine}, acme.example.com:e1:{also}, example.org:e1:{other}, me.example.com:e1:{other}"
    provider = SmtpProvider(SmtpOptions(port=sandbox.smtp_port, dkim=dkim, timeout=5))
    mail = mail_content(text="one\n.\n..two")
    sent = await provider.send(Message("e", "hello@acme.example.com", mail.recipient, mail))
    await provider.close()
    assert isinstance(sent, Sent)
    arrived = sandbox.box.mail(1)
    assert arrived is not None
    assert [(tags["d"], is_valid) for tags, is_valid in verified(arrived, PUBLIC)] == [
        ("example.com", True),
        ("acme.example.com", True),
    ]


async def test_processes_sign_the_same_and_one_that_is_killed_costs_no_mail(tmp_path: Path) -> None:
    dkim = f"example.com:r1:{pem(tmp_path, 'r', RSA_KEY)}, example.com:e1:{pem(tmp_path, 'e', ED_KEY)}"
    here, beside = Signer(dkim, 0), Signer(dkim, 2)
    mails = [build_mail(mail_content(effect=str(number))) for number in range(20)]
    before = {child.pid for child in active_children()}
    try:
        signed = await asyncio.gather(*(beside.signed(mail, "acme.example.com") for mail in mails))
        assert signed == [await here.signed(mail, "acme.example.com") for mail in mails]
        assert await beside.signed(mails[0], "example.org") == mails[0]
        for child in active_children():
            if child.pid not in before:
                child.kill()
        again = await asyncio.gather(*(beside.signed(mail, "example.com") for mail in mails))
    finally:
        beside.close()
    assert again == signed


def test_a_key_that_can_not_sign_is_refused_at_the_start(tmp_path: Path) -> None:
    small = pem(tmp_path, "small", rsa.generate_private_key(65537, 1024))
    curve = pem(tmp_path, "curve", ec.generate_private_key(ec.SECP256R1()))
    for text, said in (
        (f"example.com:s:{small}", "1024 bits"),
        (f"example.com:s:{curve}", "neither an RSA nor an Ed25519"),
        (f"example.com:s:{tmp_path / 'gone'}", "can't be read"),
        ("example.com:s", "DOMAIN:SELECTOR:FILE"),
        (f"exa mple.com:s:{curve}", "DOMAIN:SELECTOR:FILE"),
    ):
        with pytest.raises(ValidationError, match=said):
            SmtpOptions(dkim=text)
    assert read_keys("") == []
