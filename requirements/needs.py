"""Prints what a member of the workspace needs from outside, itself and by the other members: `needs.py notifier`."""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def members() -> dict[str, list[str]]:
    """The dependencies of each member, by its name. Extras are not among them."""
    files = [*ROOT.glob("*/pyproject.toml"), *ROOT.glob("*/*/pyproject.toml")]
    projects = [tomllib.loads(path.read_text())["project"] for path in files]
    return {project["name"]: project.get("dependencies", []) for project in projects}


def needs(name: str) -> set[str]:
    """What `name` needs that is not a member."""
    known, found, left = members(), set[str](), [name]
    seen = set(left)
    while left:
        for one in known[left.pop()]:
            if one not in known:
                found.add(one)
            elif one not in seen:
                seen.add(one)
                left.append(one)
    return found


if __name__ == "__main__":
    sys.stdout.write("".join(f"{one}\n" for one in sorted(needs(sys.argv[1]))))
