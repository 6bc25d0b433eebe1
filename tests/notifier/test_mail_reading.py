"""What is read of a mail: who wrote what in answer to what; what machines wrote is none, and no bytes can do harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_notifier.core.html_text import text_of_html
from relevo_notifier.core.inbound import addresses_of_shops
from relevo_notifier.core.mail_reading import CustomerMail, read_mail
from relevo_notifier.core.mime import message_id, reference
from relevo_notifier.core.quoted_text import without_quotes
from tests.notifier.mails import ANA, SERVICE, mail, quoting

OWN = (SERVICE, "hello@acme.example.com")
OURS = message_id("acme", "run1/ask/1", "hello@acme.example.com")


def reading(content: bytes) -> CustomerMail:
    found = read_mail(content, OWN)
    assert found is not None
    return found


def test_who_wrote_what_to_whom() -> None:
    found = reading(mail("Is it still there?\n", Cc="<Other@Example.net>").as_bytes())
    assert (found.address, found.name, found.message_id) == (ANA, "Ana", "1@mail.example.org")
    assert (found.subject, found.text, found.thread) == ("A question", "Is it still there?", "1@mail.example.org")
    assert found.recipients == (SERVICE, "other@example.net")
    assert (found.references, found.attachments, found.machine) == ((), (), "")


def test_a_reply_names_the_mail_that_it_answers_and_the_first_of_its_conversation() -> None:
    other = message_id("acme", "run1/first/1", "hello@acme.example.com")
    found = reading(mail(In_Reply_To=OURS, References=f"<start@example.org> {other} {OURS}").as_bytes())
    assert found.references == (reference("acme", "run1/ask/1"), reference("acme", "run1/first/1"))
    assert found.thread == "start@example.org"


def test_what_is_encoded_is_decoded_and_attachments_are_named_alone() -> None:
    one = mail("¿Lo hay en azul? Ёж", Subject="Pregunta: ¿azul?", From="José Ñandú <Ana@Example.org>")
    one.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="factura nº1.pdf")
    one.add_attachment("x: 1", filename="notes.txt")
    found = reading(one.as_bytes())
    assert (found.address, found.name, found.subject) == (ANA, "José Ñandú", "Pregunta: ¿azul?")
    assert (found.text, found.attachments) == ("¿Lo hay en azul? Ёж", ("factura nº1.pdf", "notes.txt"))


def test_a_mail_without_a_name_of_its_own_is_known_by_its_bytes() -> None:
    one, other = mail(Message_ID="").as_bytes(), mail("Another", Message_ID="").as_bytes()
    assert reading(one).message_id == reading(one).message_id != reading(other).message_id


@pytest.mark.parametrize(
    ("fields", "machine"),
    [
        ({"Auto_Submitted": "auto-replied"}, "automatic"),
        ({"Auto_Submitted": "auto-generated; type=x"}, "automatic"),
        ({"Auto_Submitted": "no"}, ""),
        ({"Precedence": "bulk"}, "bulk"),
        ({"Precedence": "auto_reply"}, "bulk"),
        ({"List_Id": "<news.example.org>"}, "bulk"),
        ({"X_Autoreply": "yes"}, "bulk"),
        ({"Return_Path": "<>"}, "bounce"),
        ({"Return_Path": f"<{ANA}>"}, ""),
        ({"From": "MAILER-DAEMON@example.org"}, "bounce"),
        ({"From": "No-Reply <noreply@example.org>"}, "bounce"),
        ({"From": "Hello@acme.example.com"}, "our own"),
        ({"X_Relevo_Effect": "run1/ask/1"}, "our own"),
        ({"X_Spam_Flag": "YES"}, "spam"),
    ],
)
def test_what_a_machine_wrote_is_seen_as_such(fields: dict[str, str], machine: str) -> None:
    assert reading(mail(**fields).as_bytes()).machine == machine


def test_a_report_is_a_machines() -> None:
    content = b"From: x@example.org\r\nContent-Type: multipart/report; boundary=x\r\n\r\n--x\r\n\r\nfailed\r\n--x--\r\n"
    assert reading(content).machine == "report"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"Subject: hello\r\n\r\nhello", b"From: nobody\r\n\r\nhello"])
def test_a_mail_of_nobody_is_none(content: bytes) -> None:
    assert read_mail(content) is None


@pytest.mark.parametrize(
    "above",
    [
        "On Mon, 2 Mar 2026 at 12:01, Acme <hello@acme.example.com> wrote:",
        "On Mon, Mar 2, 2026 at 12:01 PM Acme & Sons <hello@acme.example.com>\nwrote:",
        "El lun, 2 mar 2026 a las 12:01, Acme (<hello@acme.example.com>) escribió:",
        "Il giorno lun 2 mar 2026 alle ore 12:01 Acme <hello@acme.example.com> ha\nscritto:",
        "Am 02.03.26 um 12:01 schrieb Acme:",
    ],
)
def test_what_is_quoted_is_cut_with_the_line_above_it(above: str) -> None:
    assert without_quotes(quoting("5", above)) == "5"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Yes\n\n-----Original Message-----\nFrom: Acme\nHow was it?", "Yes"),
        ("Sí\n\n-----Mensaje original-----\nDe: Acme", "Sí"),
        ("Yes\n________________________________\nFrom: Acme <hello@acme.example.com>\nSent: Monday", "Yes"),
        ("Yes\n\nFrom: Acme <hello@acme.example.com>\nSent: Monday\nTo: Ana\nSubject: x", "Yes"),
        ("Yes\n\n*Da:* Acme <hello@acme.example.com>\n*Inviato:* lunedì", "Yes"),
        ("> How was it?\nGood.\n> And the box?\nBroken.", "Good.\nBroken."),
        ("My order number:\n> 1001", "My order number:"),
        ("From: Madrid to Rome, how long?", "From: Madrid to Rome, how long?"),
        ("> all of it", "> all of it"),
        ("A sum: 1 > 0", "A sum: 1 > 0"),
    ],
)
def test_what_is_not_surely_quoted_stays(text: str, kept: str) -> None:
    assert without_quotes(text) == kept


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello&nbsp;<b>you</b></p><p>5 &lt; 6</p>", "Hello you\n\n5 < 6"),
        ("<style>p{}</style><script>x()</script>5<br>Ana", "5\nAna"),
        ('5<div class="gmail_quote"><p>How was it?</p></div>', "5"),
        ("<blockquote><p>How?<blockquote>x</blockquote></p></blockquote>Good", "Good"),
        ('<div>5</div><div id="divRplyFwdMsg">From: Acme</div><div>How was it?</div>', "5"),
        ("<p>left <b>open", "left open"),
    ],
)
def test_a_mail_in_html_is_read_as_text(html: str, text: str) -> None:
    assert text_of_html(html) == text
    one = mail()
    one.set_content(html, subtype="html")
    assert reading(one.as_bytes()).text == text


@given(st.binary(max_size=400), st.integers(0, 900), st.integers(0, 60))
def test_any_bytes_are_read_or_are_no_mail(noise: bytes, at: int, cut: int) -> None:
    one = mail(quoting("5"), In_Reply_To=OURS)
    one.add_alternative("<p>5</p><blockquote>How was it?</blockquote>", subtype="html")
    good = one.as_bytes()
    for content in (noise, b"From: a@example.org\r\n" + noise, good[:at] + noise + good[at + cut :]):
        found = read_mail(content, OWN)
        if found is not None:
            assert "@" in found.address
            assert found.message_id
            (found.text + found.subject + found.name + "".join(found.attachments)).encode()
            assert "\x00" not in found.text + found.subject + found.address


HEAD = st.sampled_from(
    ["From", "To", "Subject", "Message-ID", "References", "Content-Type", "Content-Transfer-Encoding", "Date"]
)


@given(st.lists(st.tuples(HEAD, st.text(max_size=60)), max_size=8), st.text(max_size=100))
def test_any_head_is_read_or_is_no_mail(fields: list[tuple[str, str]], body: str) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    found = read_mail(f"From: a@example.org\r\n{head}\r\n{body}".encode("utf-8", "replace"))
    assert found is None or "@" in found.address


@given(st.text(max_size=300))
def test_of_any_text_something_is_left_if_there_was_something(text: str) -> None:
    assert bool(without_quotes(text)) == bool(text.strip())
    assert isinstance(text_of_html(text), str)


def test_addresses_of_shops_are_read_or_refused() -> None:
    assert addresses_of_shops("Service@acme.example.com = acme, b@b.example=beta") == {
        SERVICE: ("acme",),
        "b@b.example": ("beta",),
    }
    for wrong in ("acme", "service@acme=acme", "a@b.example=", "=acme", "a b@c.example=acme"):
        with pytest.raises(ValueError, match="is not an address and its shop"):
            addresses_of_shops(wrong)
