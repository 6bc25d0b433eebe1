"""Who runs the command, where the system knows it and where it does not."""

import os
import pwd

import pytest

from relevo_cli.errors import CommandError
from relevo_cli.login_name import login_name

VARIABLES = ("LOGNAME", "USER", "LNAME", "USERNAME")


def test_the_surroundings_or_the_system_name_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert login_name() == pwd.getpwuid(os.getuid())[0]
    monkeypatch.setenv("LOGNAME", "ann")
    assert login_name() == "ann"


def test_a_user_without_a_name_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    with pytest.raises(CommandError, match="set LOGNAME"):
        login_name()
