"""What an answer by SMS means as a command: STOP, START and HELP, in eight languages.

Sources: 47 CFR 64.1200(a)(10), by which "stop", "quit", "end", "revoke", "opt out", "cancel" and "unsubscribe" withdraw
consent, and so does any other reasonable means of saying it; CTIA's and the providers' words (STOPALL, OPTOUT, START,
UNSTOP, HELP, INFO, ARRET). The words of the other languages are what people write in them.

A text is a command if it says nothing else: a keyword, alone or among words of politeness and about the messages
themselves ("Please stop texting me!"). "Stop by at 5" and "cancel my order" are not. A STOP goes before all else. YES
does not count as START: it may be the answer to a question, and nobody is written to again by mistake.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

Command = Literal["stop", "start", "help"]

STOP: Mapping[str, str] = {
    "en": "stop, stopall, stop all, quit, end, revoke, opt out, optout, opt-out, cancel, unsubscribe, unsub, remove me,"
    " take me off, no more texts, no more messages, do not text, don't text, do not contact, don't contact,"
    " leave me alone, opt me out",
    "es": "stop, baja, parar, alto, cancelar, basta, darme de baja, dame de baja, darse de baja, no mas mensajes,"
    " no mas sms",
    "fr": "stop, arret, arreter, arretez, desabonner, desabonnement, desinscrire, desinscription, desabonnez moi,"
    " me desabonner, plus de sms, plus de messages",
    "de": "stop, stopp, abmelden, abbestellen, abmeldung, aufhoren, keine sms, keine nachrichten, kundigen",
    "it": "stop, disiscrivi, disiscrivimi, cancellami, annulla, basta, ferma, disdici, niente sms",
    "pt": "stop, parar, pare, sair, cancelar, remover, nao quero mensagens, chega",
    "nl": "stop, stoppen, afmelden, uitschrijven, opzeggen, geen sms, geen berichten",
    "pl": "stop, wypisz, wypisz mnie, rezygnuje, rezygnacja, koniec, anuluj, przestan",
}
START: Mapping[str, str] = {
    "en": "start, unstop, subscribe, resubscribe, opt in, optin, opt-in, resume",
    "es": "start, alta, empezar, suscribir, suscribirme",
    "fr": "start, reprendre, abonner, reabonner, inscrire",
    "de": "start, anmelden, fortsetzen",
    "it": "start, iscrivi, iscrivimi, riprendi",
    "pt": "start, iniciar, inscrever, voltar",
    "nl": "start, aanmelden, inschrijven, hervatten",
    "pl": "start, zapisz, zapisz mnie, wznow",
}
HELP: Mapping[str, str] = {
    "en": "help, info",
    "es": "help, info, ayuda",
    "fr": "help, info, aide",
    "de": "help, info, hilfe",
    "it": "help, info, aiuto",
    "pt": "help, info, ajuda",
    "nl": "help, info, hulp",
    "pl": "help, info, pomoc",
}
_POLITE = (
    "please pls plz thanks thank you thx ok okay now immediately hi hello por favor porfavor gracias ya merci svp stp"
    " bitte danke sofort per favore grazie obrigado obrigada alstublieft aub prosze dziekuje"
)
_ABOUT_MESSAGES = (
    "me my us i want to it this these the your all from of list number text texts texting sms message messages"
    " messaging msg msgs sending contacting marketing spam promo promos offers ads anymore more any phone everything"
    " mensajes mensaje los de les vos moi nachrichten nachricht mich von messaggi mi dai mensagens berichten mij"
    " wiadomosci mnie z"
)
_BESIDE = frozenset(f"{_POLITE} {_ABOUT_MESSAGES}".split())
_WORD = re.compile(r"[^\W_]+")
_JOINED = str.maketrans({"ł": "l", "Ł": "l", "ø": "o", "đ": "d", "\u2019": "'", "🛑": " stop "})
_UNSEEN = {"Mn", "Me", "Cf"}
"""Accents, and characters that only say how others are shown."""
_PARAGRAPH = re.compile(r"\n\s*\n|\n--")
_LONGEST = 200
"""Characters of a text that may be a command; what is longer says more than that."""


class Keyword(Struct, frozen=True):
    """A command, the language of its word (empty if several languages have it), and the words that were the command."""

    command: Command
    language: str = ""
    text: str = ""


def keyword_of(text: str) -> Keyword | None:
    """The command that `text` is, or its first paragraph (a signature may follow); `None`: an ordinary message."""
    return _keyword_of(text) or _keyword_of(_PARAGRAPH.split(text.strip(), maxsplit=1)[0])


def _keyword_of(text: str) -> Keyword | None:
    if len(text) > _LONGEST:
        return None
    words = words_of(text)
    for command, phrases in _PHRASES:
        rest, languages = _without(words, phrases)
        if command == "stop":
            rest = [word for word in rest if word not in _OTHERS]  # it goes before the other commands
        if languages and _BESIDE.issuperset(rest):
            return Keyword(command, languages[0], text.strip())
    return None


def words_of(text: str) -> list[str]:
    """The words of a text without case, accents, width and punctuation: `["arret"]` of "ＡＲＲÊＴ!"."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).translate(_JOINED).casefold())
    return _WORD.findall("".join(one for one in plain if one != "'" and unicodedata.category(one) not in _UNSEEN))


def _phrases(by_language: Mapping[str, str]) -> Mapping[tuple[str, ...], str]:
    """Every keyword as its words, the longest first, with its language; empty where several have it."""
    found: dict[tuple[str, ...], str] = {}
    for language, listed in by_language.items():
        for phrase in listed.split(","):
            words = tuple(words_of(phrase))
            found[words] = language if found.get(words, language) == language else ""
    return dict(sorted(found.items(), key=lambda one: -len(one[0])))


_PHRASES: tuple[tuple[Command, Mapping[tuple[str, ...], str]], ...] = (
    ("stop", _phrases(STOP)),
    ("start", _phrases(START)),
    ("help", _phrases(HELP)),
)


def _without(words: list[str], phrases: Mapping[tuple[str, ...], str]) -> tuple[list[str], list[str]]:
    """The words beside the keywords, and the language of each keyword."""
    rest, languages, at = [], [], 0
    while at < len(words):
        phrase = next((one for one in phrases if tuple(words[at : at + len(one)]) == one), None)
        if phrase is None:
            rest.append(words[at])
        else:
            languages.append(phrases[phrase])
        at += len(phrase) if phrase else 1
    return rest, languages


def single_words(listed: Iterable[str]) -> frozenset[str]:
    """The keywords of one word, as `words_of` gives them."""
    return frozenset(words[0] for one in listed for phrase in one.split(",") if len(words := words_of(phrase)) == 1)


_OTHERS = single_words([*START.values(), *HELP.values()])
