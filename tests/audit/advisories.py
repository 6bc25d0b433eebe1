"""Known vulnerabilities of what is pinned, by pip-audit: `make audit` runs it in an environment of its own.

pip-audit asks the public index's JSON interface. Where that does not answer it says "no known vulnerabilities" of
packages that it never looked up; so what was not looked up is counted here, and said. `RELEVO_REQUIRE_ADVISORIES=1`
makes that a failure: for a CI that reaches the database.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements/run.txt", "requirements/dev.txt")
REQUIRED = "RELEVO_REQUIRE_ADVISORIES"
_SECONDS = 600


def main(program: str) -> int:
    """Audit each lock file; the exit code."""
    codes = [_audit(program, lock) for lock in LOCKS]
    return max(codes)


def _audit(program: str, lock: str) -> int:
    command = [
        program,
        "--requirement",
        lock,
        "--disable-pip",
        "--require-hashes",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=_SECONDS)
    found = json.loads(done.stdout) if done.stdout.startswith("{") else {"dependencies": []}
    lines, code = verdict(lock, found["dependencies"], required=bool(os.environ.get(REQUIRED)), error=done.stderr)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return code


def verdict(
    lock: str, packages: Sequence[Mapping[str, Any]], *, required: bool, error: str = ""
) -> tuple[list[str], int]:
    """What to say of a lock file's packages, as pip-audit tells of them, and the exit code."""
    asked = [one for one in packages if "skip_reason" not in one]
    lines = [
        f"{lock}: {one['name']} {one['version']}: {each['id']}, mended in"
        f" {', '.join(each['fix_versions']) or 'no release'}"
        for one in asked
        for each in one["vulns"]
    ]
    if lines:
        return lines, 1
    if packages and len(asked) == len(packages):
        return [f"{lock}: {len(asked)} packages, no known vulnerability"], 0
    why = error.strip().splitlines()[-1] if error.strip() and not packages else "the index has no advisories"
    return [
        f"{lock}: NOT CHECKED for known vulnerabilities: {len(packages) - len(asked)} of {len(packages)} packages could"
        f" not be looked up ({why}). Run `make audit` where the public index's JSON interface answers;"
        f" {REQUIRED}=1 makes this a failure"
    ], int(required)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
