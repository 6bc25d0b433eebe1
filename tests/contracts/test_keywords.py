"""Which texts are commands: the words of the law, of the providers and of eight languages, and what is none."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.keywords import HELP, START, STOP, keyword_of
from relevo_contracts.stop_words import names_opt_out

LAW = ["stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"]
"""47 CFR 64.1200(a)(10)."""
PROVIDERS = ["STOPALL", "OPTOUT", "ARRET", "STOP", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE"]
LISTED = [
    (command, language, word.strip())
    for command, words in (("stop", STOP), ("start", START), ("help", HELP))
    for language, listed in words.items()
    for word in listed.split(",")
]


def command(text: str) -> str | None:
    found = keyword_of(text)
    return found.command if found else None


@pytest.mark.parametrize("word", [*LAW, *PROVIDERS])
def test_the_words_of_the_law_and_of_the_providers_stop(word: str) -> None:
    for text in (word, word.upper(), f"{word}.", f" {word}!! ", f'"{word}"', f"Please {word}", f"{word}, thank you"):
        assert command(text) == "stop", text


@pytest.mark.parametrize(("wanted", "language", "word"), LISTED)
def test_every_word_of_every_language(wanted: str, language: str, word: str) -> None:
    found = keyword_of(word)
    assert found is not None
    assert found.command == wanted
    assert found.language in (language, "")


def test_there_are_eight_languages() -> None:
    assert set(STOP) == set(START) == set(HELP) == {"en", "es", "fr", "de", "it", "pt", "nl", "pl"}


@pytest.mark.parametrize(
    "text",
    [
        *("Stop please", "STOP STOP STOP", "stop texting me", "Please remove me from your list", "Opt me out"),
        *("don't text me", "don\u2019t text me anymore", "No more texts please", "Arrêtez svp", "désabonnez-moi"),
        *("Rezygnuję", "Kündigen!", "Sair", "darme de baja por favor", "\U0001f6d1", "stop start", "ST\u200bOP"),
        *("\uff33\uff34\uff2f\uff30", "stop\n\nSent from my iPhone", "Stop\n-- \nAna"),
        *("stop, help", "leave me alone", "stop all messages now"),
    ],
)
def test_any_reasonable_means(text: str) -> None:
    assert command(text) == "stop"


@pytest.mark.parametrize(
    "text",
    [
        *("stop by at 5", "I'll stop by", "don't stop", "cancel my order", "end of the week?", "The end is near"),
        *("Can I cancel the delivery?", "Where is the bus stop", "yes", "Yes please", "sí", "", "   ", "?", "ok"),
        *("Stop\nby at five", "parar en la tienda", "alto y claro", "Ende der Woche", "koniec promocji kiedy?"),
        *("start the engine", "I need help with my order", "info about the teapot", "x" * 5000, "stop " * 100),
    ],
)
def test_what_says_more_is_a_message(text: str) -> None:
    assert command(text) is None


@given(word=st.sampled_from([word for kind, _, word in LISTED if kind == "stop"]), data=st.data())
def test_how_it_is_written_does_not_matter(word: str, data: st.DataObject) -> None:
    text = "".join(data.draw(st.sampled_from([letter, letter.upper()])) for letter in word)
    form = data.draw(st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
    around = data.draw(st.text(alphabet=" .,!?\t\"'()*-", max_size=4))
    assert command(around + unicodedata.normalize(form, text) + around) == "stop"  # type: ignore[arg-type]


@given(st.text(max_size=250))
def test_any_text_is_read(text: str) -> None:
    assert command(text) in ("stop", "start", "help", None)


def test_a_text_tells_how_to_leave() -> None:
    assert names_opt_out("Reply STOP to leave")
    assert names_opt_out("Wyślij STOP, aby zrezygnować")
    assert names_opt_out("Text OPT OUT")
    assert not names_opt_out("Come and see")
