"""What is answered to STOP, START and HELP, in eight languages.

47 CFR 64.1200(a)(12): one confirmation of a withdrawal does not breach it, if it comes within five minutes and has no
marketing. Pure.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from relevo_contracts.keywords import Command

IN_TIME = timedelta(minutes=5)
DEFAULT = "en"

ANSWERS: Mapping[Command, Mapping[str, str]] = {
    "stop": {
        "en": "{shop}: you are unsubscribed and get no more offers by SMS.",
        "es": "{shop}: te has dado de baja y no recibirás más ofertas por SMS.",
        "fr": "{shop} : vous êtes désinscrit et ne recevrez plus d'offres par SMS.",
        "de": "{shop}: Sie sind abgemeldet und erhalten keine Angebote mehr per SMS.",
        "it": "{shop}: la tua iscrizione è annullata, non riceverai più offerte via SMS.",
        "pt": "{shop}: a sua subscrição foi cancelada, não receberá mais ofertas por SMS.",
        "nl": "{shop}: je bent afgemeld en krijgt geen aanbiedingen meer per sms.",
        "pl": "{shop}: wypisano Cię, nie będziesz otrzymywać ofert SMS-em.",
    },
    "start": {
        "en": "{shop}: you get our SMS again. Reply STOP to leave, HELP for help.",
        "es": "{shop}: vuelves a recibir nuestros SMS. Responde STOP para darte de baja, AYUDA para ayuda.",
        "fr": "{shop} : vous recevez à nouveau nos SMS. Répondez STOP pour arrêter, AIDE pour de l'aide.",
        "de": "{shop}: Sie erhalten wieder unsere SMS. STOP zum Abmelden, HILFE für Hilfe.",
        "it": "{shop}: ricevi di nuovo i nostri SMS. Rispondi STOP per annullare, AIUTO per aiuto.",
        "pt": "{shop}: volta a receber os nossos SMS. Responda STOP para sair, AJUDA para ajuda.",
        "nl": "{shop}: je krijgt weer sms van ons. Antwoord STOP om af te melden, HULP voor hulp.",
        "pl": "{shop}: znowu otrzymujesz nasze SMS-y. STOP: wypisanie, POMOC: pomoc.",
    },
    "help": {
        "en": "{shop}: help at {contact}. Reply STOP to get no more offers by SMS.",
        "es": "{shop}: ayuda en {contact}. Responde STOP para no recibir más ofertas por SMS.",
        "fr": "{shop} : aide sur {contact}. Répondez STOP pour ne plus recevoir d'offres par SMS.",
        "de": "{shop}: Hilfe unter {contact}. Mit STOP erhalten Sie keine Angebote mehr per SMS.",
        "it": "{shop}: aiuto su {contact}. Rispondi STOP per non ricevere più offerte via SMS.",
        "pt": "{shop}: ajuda em {contact}. Responda STOP para não receber mais ofertas por SMS.",
        "nl": "{shop}: hulp via {contact}. Antwoord STOP om geen aanbiedingen per sms meer te krijgen.",
        "pl": "{shop}: pomoc: {contact}. Odpowiedz STOP, aby nie otrzymywać ofert SMS-em.",
    },
}


def answer_to(command: Command, shop: str, contact: str, languages: Iterable[str]) -> str:
    """What `shop`, by its name, answers in the first of `languages` (BCP 47, some may be empty) that there is."""
    words = ANSWERS[command]
    found = (one.partition("-")[0].lower() for one in (*languages, DEFAULT))
    return next(words[one] for one in found if one in words).format(shop=shop, contact=contact)
