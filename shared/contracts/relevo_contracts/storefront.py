"""What mails and the pages of a shop agree on."""

VISIT_PARAMETER = "rlv"
"""The parameter of a link in a mail that proves who reads it; it is taken out of every address that is kept."""
