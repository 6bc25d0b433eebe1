"""How many decimals the amounts of a currency have. Source: ISO 4217, list one, "minor unit"."""

_WITHOUT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"
_DECIMALS = {code: decimals for decimals, codes in ((0, _WITHOUT), (3, _THREE), (4, _FOUR)) for code in codes.split()}


def decimals(currency: str) -> int:
    """The decimals of `currency` (ISO 4217): 2 for most, 0 for JPY, 3 for KWD; 2 for a code that is not known."""
    return _DECIMALS.get(currency, 2)
