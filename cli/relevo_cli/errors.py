"""The command's own error: something that the person at the keyboard can mend."""


class CommandError(Exception):
    """The message says what is wrong and what to do."""
