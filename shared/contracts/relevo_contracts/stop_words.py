"""Whether a text tells its reader how to leave: by a word that `relevo_contracts.keywords` takes as a STOP."""

from itertools import pairwise

from relevo_contracts.keywords import STOP, single_words, words_of

STOP_WORDS = single_words(STOP.values())


def names_opt_out(text: str) -> bool:
    """Whether a text says a word by which its reader can leave."""
    words = words_of(text)
    return not STOP_WORDS.isdisjoint(words) or ("opt", "out") in pairwise(words)
