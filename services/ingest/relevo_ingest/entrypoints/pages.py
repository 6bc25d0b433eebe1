"""The page behind an unsubscribe link, in the visitor's language: no script, no cookie, nothing from elsewhere.

It works without a mouse and for screen readers: one heading that says what is the case, plain paragraphs, one real
button with a visible focus, and enough contrast.
"""

from html import escape

from msgspec import Struct

from relevo_ingest.entrypoints.page_texts import TEXTS, PageTexts

_STYLE = (
    ":root{color-scheme:light dark;--ink:#1a1a1a;--quiet:#4a4a4a;--page:#f5f5f2;--card:#fff;--main:#1f4f46;--on:#fff;"
    "--line:#8a8f8c;--wrong:#a3221a}"
    "@media(prefers-color-scheme:dark){:root{--ink:#ecebe7;--quiet:#b3b8b5;--page:#141617;--card:#1f2324;"
    "--main:#8fd6c4;--on:#0c2a23;--line:#7d8482;--wrong:#ffb4a9}}"
    "body{font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);margin:0;padding:12vh 1rem}"
    "main{max-width:26rem;margin:auto;background:var(--card);padding:2rem;border-radius:12px;"
    "box-shadow:0 1px 4px rgba(0,0,0,.12);overflow-wrap:anywhere}"
    "h1{font-size:1.3rem;line-height:1.3;margin:0 0 1rem}p{margin:0 0 1rem}"
    ".shop{color:var(--quiet);font-weight:600;margin:0 0 .5rem}.address{font-weight:600}"
    "form{margin:1.5rem 0 0}a{color:var(--main)}"
    "button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:8px;background:var(--main);color:var(--on);"
    "cursor:pointer}"
    "form.stack{display:grid;gap:1rem}"
    "fieldset{border:1px solid var(--line);border-radius:8px;margin:0;padding:.75rem 1rem;min-width:0}"
    "legend{font-weight:600;padding:0 .25rem}label{display:flex;gap:.75rem;align-items:start;padding:.4rem 0;"
    "min-height:1.5rem;cursor:pointer}label.off{color:var(--quiet);cursor:default}"
    "input{width:1.25rem;height:1.25rem;margin:.125rem 0 0;flex:none;accent-color:var(--main)}"
    ".done{border-inline-start:4px solid var(--main);padding-inline-start:.75rem;font-weight:600}"
    "button.quiet{background:none;color:var(--main);box-shadow:inset 0 0 0 2px var(--main)}"
    ".error{color:var(--wrong);font-weight:600}.scale{display:flex;flex-wrap:wrap;gap:.25rem .5rem}"
    ".scale label{flex-direction:column;align-items:center;gap:.25rem;min-width:2rem}"
    ".ends{display:flex;justify-content:space-between;gap:1rem;margin:0;color:var(--quiet)}"
    ".note{color:var(--quiet);font-weight:400}"
    "textarea{font:inherit;box-sizing:border-box;width:100%;margin:.25rem 0 0;padding:.5rem;color:var(--ink);"
    "background:var(--card);border:1px solid var(--line);border-radius:8px}label.above{display:block;font-weight:600}"
    "button:focus-visible,a:focus-visible,input:focus-visible,textarea:focus-visible{"
    "outline:3px solid var(--ink);outline-offset:3px}"
)


_RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}


class Visit(Struct, frozen=True):
    """Whom a page is about, and in which language it speaks. `address` is masked; older links have none.

    `locale` is the language of what others wrote for the page, where it may be another one.
    """

    language: str
    shop: str = ""
    channel: str = "email"
    address: str = ""
    locale: str = ""

    @property
    def words(self) -> PageTexts:
        """The page's words."""
        return TEXTS[self.language]


def spoken(locale: str) -> str:
    """The language of a locale, if the pages speak it; else empty text."""
    own = _primary(locale)
    return own if own in TEXTS else ""


def language_of(accept_language: str, shop_locale: str = "") -> str:
    """What the visitor reads best of the languages that the page speaks, else the shop's language, else English.

    Source: RFC 9110, section 12.5.4 (languages with weights; the weight 0 is a refusal).
    """
    weighted = [_weighted(part) for part in accept_language.split(",")[:50]]
    for _, language in sorted((one for one in weighted if one[0] > 0), key=lambda one: -one[0]):
        if language in TEXTS:
            return language
    return spoken(shop_locale) or "en"


def confirmation(visit: Visit) -> str:
    """The question. The form posts to the page's own address; opening the page changes nothing."""
    words = visit.words
    sentence = words.sms if visit.channel == "sms" else words.email
    return whole_page(
        visit, words.ask, f"{about(visit, sentence)}<p>{escape(words.orders)}</p>{form('', words.button)}"
    )


def done(visit: Visit, undo: str) -> str:
    """It is done; `undo` is the token of the link that takes it back."""
    words = visit.words
    sentence = words.sms_done if visit.channel == "sms" else words.email_done
    offer = f"<p>{escape(words.by_mistake)}</p>" + form(undo, words.undo, quiet=True)
    return whole_page(visit, words.done, f"{about(visit, sentence)}<p>{escape(words.orders)}</p>{offer}")


def undone(visit: Visit, again: str) -> str:
    """It was taken back; `again` is the token of the link that unsubscribes."""
    words = visit.words
    body = f"{_address(visit)}<p>{escape(words.undone_more)}</p>{form(again, words.button, quiet=True)}"
    return whole_page(visit, words.undone, body)


def too_late(visit: Visit) -> str:
    """It can't be taken back any more."""
    return whole_page(visit, visit.words.late, f"{_address(visit)}<p>{escape(visit.words.late_more)}</p>")


def bad_link(visit: Visit) -> str:
    """The token is not ours."""
    return whole_page(visit, visit.words.bad, f"<p>{escape(visit.words.bad_more)}</p>")


def busy(visit: Visit) -> str:
    """It could not be stored now."""
    return whole_page(visit, visit.words.busy, f"<p>{escape(visit.words.busy_more)}</p>")


def about(visit: Visit, sentence: str) -> str:
    """A sentence that may name the shop, and the masked address."""
    return f"<p>{escape(sentence.replace('{shop}', visit.shop))}</p>{_address(visit)}"


def _address(visit: Visit) -> str:
    # Addresses and numbers run from left to right in every script.
    return f'<p class="address"><bdi>{escape(visit.address)}</bdi></p>' if visit.address else ""


def form(token: str, label: str, *, quiet: bool = False, value: str = "yes") -> str:
    """A button that posts to the link `token`, beside this page; to the page itself if it is empty."""
    action = f' action="{escape(token)}"' if token else ""
    look = ' class="quiet"' if quiet else ""
    return f'<form method="post"{action}><button name="confirm" value="{value}"{look}>{escape(label)}</button></form>'


def whole_page(visit: Visit, title: str, body: str) -> str:
    """The page: the shop's name, one heading, and `body`, which is HTML."""
    shop = f'<p class="shop">{escape(visit.shop)}</p>' if visit.shop else ""
    whole = f"{title} · {visit.shop}" if visit.shop else title
    tag = visit.locale or visit.language
    return (
        f'<!doctype html><html lang="{escape(tag)}" dir="{_direction(tag)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(whole)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{shop}<h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def _direction(language: str) -> str:
    return "rtl" if _primary(language) in _RIGHT_TO_LEFT else "ltr"


def _weighted(part: str) -> tuple[float, str]:
    language, _, parameters = part.partition(";")
    name, _, value = parameters.strip().partition("=")
    try:
        weight = float(value) if name.strip().lower() == "q" else 1.0
    except ValueError:
        weight = 0.0
    return weight, _primary(language)


def _primary(tag: str) -> str:
    return tag.strip().lower().replace("_", "-").partition("-")[0]
