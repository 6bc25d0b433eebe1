"""The words by which people leave the SMS of a sender, in eight languages.

Source: 47 CFR 64.1200(a)(10) for the English ones (stop, quit, end, revoke, opt out, cancel, unsubscribe), to which the
providers add STOPALL and OPTOUT, and ARRET; the others are what shops write in those languages.
"""

import re
from itertools import pairwise

STOP_WORDS = frozenset(
    (
        *("stop", "stopall", "quit", "end", "revoke", "optout", "cancel", "unsubscribe"),
        *("baja", "parar", "alto"),
        *("arret", "arrêt", "arrêter", "desabonner", "désabonner"),
        *("stopp", "abmelden", "abbestellen"),
        *("disiscrivi", "annulla"),
        *("sair", "cancelar"),
        *("afmelden", "stoppen"),
        *("wypisz", "rezygnuje", "rezygnuję"),
    )
)
_WORD = re.compile(r"[^\W\d_]+")


def names_opt_out(text: str) -> bool:
    """Whether a text says a word by which its reader can leave."""
    words = [found[0].lower() for found in _WORD.finditer(text)]
    return not STOP_WORDS.isdisjoint(words) or ("opt", "out") in pairwise(words)
