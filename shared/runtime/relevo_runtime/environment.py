"""Settings as they come from the environment of a process: what is wrong with them is one line a variable."""

import argparse
import difflib
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from inspect import cleandoc
from typing import TypeVar

import pydantic
from pydantic_settings import SettingsError as UnreadableSettings

from relevo_runtime.errors import RuntimeFault
from relevo_runtime.settings import PREFIX, RuntimeSettings, flat_fields

S = TypeVar("S", bound=RuntimeSettings)

USAGE_ERROR = 2
"""The exit code for what a person has to mend before a start makes sense."""

_OF_OTHERS = ("INGEST_", "ENGINE_", "SCHEDULER_", "NOTIFIER_", "CONTROL_", "CALL_SECRET_", "TEST_")
"""How the settings begin that another service of the same system may have beside ours, in one environment for all."""

_KUBERNETES = re.compile(r"_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)$")
"""What Kubernetes sets for each Service of a namespace (`RELEVO_INGEST_PORT=tcp://10.0.0.7:80`): no settings of ours.

Source: kubernetes.io, "Service", section "Environment variables"; `enableServiceLinks: false` turns them off.
"""


class SettingsError(RuntimeFault):
    """Settings are wrong; `problems` has one line for each, which names the variable."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def settings_from(cls: type[S], environment: Mapping[str, str] | None = None) -> S:
    """The settings of `cls` by the environment. Raises `SettingsError`: values that can't be, misspelt names."""
    given = os.environ if environment is None else environment
    problems = [f"{name} is not a setting: did you mean {near}?" for name, near in misspelt(cls, given).items()]
    try:
        settings = cls()
    except pydantic.ValidationError as error:
        raise SettingsError([*problems, *problems_of(error, cls, given)]) from None
    except UnreadableSettings as error:
        raise SettingsError([*problems, str(error)]) from None
    if problems:
        raise SettingsError(problems)
    return settings


def problems_of(
    error: pydantic.ValidationError, cls: type[RuntimeSettings] = RuntimeSettings, environment: Mapping[str, str] = {}
) -> list[str]:
    """One line for each value that pydantic refused, with its variable; the value too, unless it is a secret."""
    return [_problem(one["loc"], one["msg"].removeprefix("Value error, "), cls, environment) for one in error.errors()]


def _problem(
    where: Sequence[int | str], message: str, cls: type[RuntimeSettings], environment: Mapping[str, str]
) -> str:
    if not where:
        return message
    setting = "_".join(map(str, where))
    name = f"{PREFIX}{setting}".upper()
    value = environment.get(name, "")
    if value.startswith(("tcp://", "udp://")) and _KUBERNETES.search(name):
        return f"{name}={value} comes from Kubernetes, not from you: set enableServiceLinks: false in the pod"
    field = dict(flat_fields(cls)).get(setting)
    shown = f"={value[:60]}" if field is not None and "Secret" not in str(field.annotation) else ""
    return f"{name}{shown}: {message[:1].lower()}{message[1:]}"


def misspelt(cls: type[RuntimeSettings], environment: Iterable[str]) -> dict[str, str]:
    """The variables that look like a setting of `cls` and are none, each with the one that is most likely meant.

    A name that resembles nothing is somebody else's, and so is one of another service.
    """
    known = {f"{PREFIX}{name}".upper() for name, _ in flat_fields(cls)}
    own = {name.removeprefix(PREFIX).partition("_")[0] + "_" for name in known}
    others = tuple(PREFIX + one for one in _OF_OTHERS if one not in own)
    found = {}
    for name in sorted(environment):
        ours = name.upper().startswith(PREFIX) and not name.upper().startswith(others)
        if not ours or name.upper() in known or _KUBERNETES.search(name):
            continue
        near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.8)
        if near:
            found[name] = near[0]
    return found


def start(service: str, cls: type[S], about: str, arguments: Sequence[str] | None = None) -> S:
    """The settings of a service that is being started by its command line, which takes `--help` and `--version` only.

    What is wrong ends the process with 2 and a line for each problem on standard error.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m relevo_{service}",
        description=about,
        epilog="\n".join(_listing(cls)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"relevo-{service} {version(f'relevo-{service}')}")
    parser.parse_args(arguments)
    try:
        return settings_from(cls)
    except SettingsError as error:
        for problem in error.problems:
            print(f"relevo-{service}: {problem}", file=sys.stderr)  # noqa: T201 - there is no log before the settings
        print(f"relevo-{service}: `python -m relevo_{service} --help` lists all settings", file=sys.stderr)  # noqa: T201
        sys.exit(USAGE_ERROR)


def _listing(cls: type[RuntimeSettings]) -> Iterable[str]:
    yield "It is set by these environment variables:"
    for name, field in flat_fields(cls):
        hidden = field.default_factory is not None or isinstance(field.default, pydantic.SecretStr)
        default = "" if hidden or field.default in (None, "") else f" (default: {field.default})"
        yield f"  {PREFIX}{name.upper()}{default}"
        yield f"      {cleandoc(field.description or '')}"
