"""How the mails of a shop greet and take leave: the library's have neither; a tone gives them both."""

from typing import Any

from msgspec import Struct

from relevo_cli.shop_repository.languages import dumped, yaml


class Tone(Struct, frozen=True):
    """By language: the greeting of somebody whose first name is known, of anybody else, and the farewell.

    `{shop}` is replaced by the shop's name, as in all words of a layout.
    """

    named: dict[str, str]
    unnamed: dict[str, str]
    farewell: dict[str, str]


_NAME = "{{ customer.first_name }}"
TONES = {
    "formal": Tone(
        named={"en": f"Dear {_NAME},", "es": f"Estimado/a {_NAME}:", "it": f"Gentile {_NAME},"},
        unnamed={"en": "Dear customer,", "es": "Estimado/a cliente:", "it": "Gentile cliente,"},
        farewell={"en": "Kind regards, {shop}", "es": "Un cordial saludo, {shop}", "it": "Cordiali saluti, {shop}"},
    ),
    "friendly": Tone(
        named={"en": f"Hi {_NAME},", "es": f"¡Hola, {_NAME}!", "it": f"Ciao {_NAME}!"},
        unnamed={"en": "Hello,", "es": "¡Hola!", "it": "Ciao!"},
        farewell={
            "en": "Best wishes from all of us at {shop}",
            "es": "Un saludo de todo el equipo de {shop}",
            "it": "Un saluto da tutto il team di {shop}",
        },
    ),
}


def with_greeting(template: str, tone: str) -> str:
    """A template of a mail whose text greets its reader first, in each language; any other file as it is.

    Whoever is called by their name somewhere in the text is not greeted by it once more.
    """
    document = yaml().load(template)
    if tone not in TONES or not isinstance(document, dict) or document.get("channel") != "email":
        return template
    for locale in TONES[tone].named:
        texts = document.get(locale)
        if isinstance(texts, dict) and texts.get("body") and not _names_the_reader(texts):
            texts["body"] = [_greeting(TONES[tone], locale), *_paragraphs(texts["body"])]
    return dumped(document)


def with_farewell(words: str, tone: str) -> str:
    """The words of a layout with those that stand at the end of each mail."""
    if tone not in TONES:
        return words
    document = yaml().load(words)
    for locale, farewell in TONES[tone].farewell.items():
        if locale in document:
            document[locale]["farewell"] = farewell
    return dumped(document)


def _greeting(tone: Tone, locale: str) -> str:
    return f"{{% if customer.first_name != '' %}}{tone.named[locale]}{{% else %}}{tone.unnamed[locale]}{{% endif %}}"


def _names_the_reader(texts: Any) -> bool:
    return any("customer.first_name" in line for name in texts for line in _paragraphs(texts[name]))


def _paragraphs(text: Any) -> list[str]:
    return [str(one) for one in text] if isinstance(text, list) else [str(text)]
