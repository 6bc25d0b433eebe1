"""The page behind an unsubscribe link, in the visitor's language: no script, no cookie, nothing from elsewhere."""

from collections.abc import Mapping
from html import escape
from types import MappingProxyType

from msgspec import Struct

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#f5f5f2;margin:0;padding:12vh 1rem}"
    "main{max-width:26rem;margin:auto;background:#fff;padding:2rem;border-radius:12px;"
    "box-shadow:0 1px 4px rgba(0,0,0,.12)}h1{font-size:1.3rem;margin:0 0 .5rem}"
    "button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:8px;background:#1f4f46;color:#fff;cursor:pointer}"
)


class Words(Struct, frozen=True):
    """What the page says in one language."""

    ask: str
    explain_email: str
    explain_sms: str
    button: str
    done: str
    done_more: str
    bad: str
    bad_more: str
    busy: str
    busy_more: str


WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "en": Words(
            "Unsubscribe?",
            "You will get no more offers and news from us by e-mail. Messages about your orders still come.",
            "You will get no more offers and news from us by text message. Messages about your orders still come.",
            "Unsubscribe",
            "You are unsubscribed",
            "We are sorry to see you go. You can close this page.",
            "This link is not valid",
            "Please open the link exactly as it is in the message.",
            "Please try again",
            "We could not save it just now. Please try again in a minute.",
        ),
        "es": Words(
            "¿Darse de baja?",
            "No recibirá más ofertas ni novedades por correo. Los mensajes sobre sus pedidos seguirán llegando.",
            "No recibirá más ofertas ni novedades por SMS. Los mensajes sobre sus pedidos seguirán llegando.",
            "Darme de baja",
            "Se ha dado de baja",
            "Sentimos que se vaya. Ya puede cerrar esta página.",
            "El enlace no es válido",
            "Abra el enlace tal y como aparece en el mensaje.",
            "Inténtelo de nuevo",
            "No hemos podido guardarlo ahora. Inténtelo de nuevo en un minuto.",
        ),
        "it": Words(
            "Annullare l'iscrizione?",
            "Non riceverà più offerte e novità via e-mail. I messaggi sui suoi ordini continueranno ad arrivare.",
            "Non riceverà più offerte e novità via SMS. I messaggi sui suoi ordini continueranno ad arrivare.",
            "Annulla l'iscrizione",
            "Iscrizione annullata",
            "Ci dispiace vederla andare via. Può chiudere questa pagina.",
            "Il link non è valido",
            "Apra il link esattamente come appare nel messaggio.",
            "Riprovi",
            "Non siamo riusciti a salvare adesso. Riprovi tra un minuto.",
        ),
    }
)


def language_of(accept_language: str) -> str:
    """The first language of an `Accept-Language` header that the page speaks, else English."""
    for part in accept_language.split(","):
        language = part.partition(";")[0].strip().lower().partition("-")[0]
        if language in WORDS:
            return language
    return "en"


def confirmation(language: str, channel: str) -> str:
    """The question. The form posts to the page's own address; opening the page changes nothing."""
    words = WORDS[language]
    explain = words.explain_sms if channel == "sms" else words.explain_email
    form = f'<form method="post"><button name="confirm" value="yes">{escape(words.button)}</button></form>'
    return _page(language, words.ask, f"<p>{escape(explain)}</p>{form}")


def done(language: str) -> str:
    """It is done."""
    words = WORDS[language]
    return _page(language, words.done, f"<p>{escape(words.done_more)}</p>")


def bad_link(language: str) -> str:
    """The token is not ours."""
    words = WORDS[language]
    return _page(language, words.bad, f"<p>{escape(words.bad_more)}</p>")


def busy(language: str) -> str:
    """It could not be stored now."""
    words = WORDS[language]
    return _page(language, words.busy, f"<p>{escape(words.busy_more)}</p>")


def _page(language: str, title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
