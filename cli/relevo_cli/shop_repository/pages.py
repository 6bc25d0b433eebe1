"""What stands beside the workflows of a shop: its README, .gitignore, and the files for CI."""

from collections.abc import Iterator, Mapping

from relevo_cli.shop_repository.choices import Choices
from relevo_cli.shop_repository.feeding import Plan

_CHECK = "relevo check --strict"
_TEST = "relevo test --coverage-min 100 --junit reports/workflows.xml"
_GITIGNORE = """# What tests write, and what is nobody else's
/reports/
/.relevo/
/.venv/
/.env
"""
_GITHUB = f"""name: workflows
on:
  push:
  pull_request:

jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install -r requirements.txt
      - run: {_CHECK}
      - run: {_TEST}
"""
_GITLAB = f"""workflows:
  image: python:3.12
  script:
    - pip install -r requirements.txt
    - {_CHECK}
    - {_TEST}
  artifacts:
    when: always
    reports:
      junit: reports/workflows.xml
"""
_REQUIREMENTS = """# How CI comes by the command `relevo`: give the address of your wheel, or of the index that has it.
relevo
"""


def pages_of(choices: Choices, plan: Plan, titles: Mapping[str, str]) -> dict[str, str]:
    """The files by their paths."""
    return {
        "README.md": "\n".join(_readme(choices, plan, titles)) + "\n",
        ".gitignore": _GITIGNORE,
        ".github/workflows/workflows.yml": _GITHUB,
        ".gitlab-ci.yml": _GITLAB,
        "requirements.txt": _REQUIREMENTS,
    }


def _readme(choices: Choices, plan: Plan, titles: Mapping[str, str]) -> Iterator[str]:
    limits = choices.limits
    yield f"# The workflows of {choices.shop}\n"
    yield f"For a shop on {choices.platform}, in {', '.join(choices.languages)}.\n"
    yield "| workflow | what it is |"
    yield "|---|---|"
    yield from (f"| [{name}](workflows/{name}/README.md) | {titles[name]} |" for name in plan.flows)
    yield from _listed(
        "Started by others, and therefore here",
        (f"`{name}`: `{by}` starts it" for name, by in plan.added.items()),
    )
    yield from _listed(
        f"Left out, because nothing on {choices.platform} starts them",
        (f"`{name}` (it starts with {_quoted(events)})" for name, events in plan.left_out.items()),
    )
    yield from _listed(
        f"What {choices.platform} and the storefront don't say",
        (f"`{name}` also knows {_quoted(events)}" for name, events in plan.missing.items()),
        "Systems of your own can send these as CloudEvents; without them, that part of a workflow never happens.",
    )
    yield from _listed(
        "What no workflow here listens to",
        (f"`{name}` reports {_quoted(events)}" for name, events in plan.unheard.items()),
        "Add a workflow that does (`relevo new thanks` begins one), or leave it.",
    )
    yield from (
        "\n## Limits\n",
        f"A customer gets {limits.a_day} messages of marketing a day and {limits.a_week} a week at most, and none "
        f"from {limits.quiet[0]} to {limits.quiet[1]}:",
        "[policy.yaml](workflows/policy.yaml), which `policy.tests.yaml` beside it holds to that.",
        "\n## Working on it\n",
        "```",
        "relevo watch workflows          # checks, tests and previews at each save",
        _CHECK,
        _TEST,
        "relevo deploy workflows --plan  # what would change",
        "```",
        "\nCI runs the checks and the tests: `.github/workflows/workflows.yml`, `.gitlab-ci.yml`. Say in",
        "`requirements.txt` where it finds `relevo`. Before the first message goes out, put your own content into",
        "`workflows/blocks/` (what is there is sample content), import codes for the pools, and read what each",
        "workflow's page says to adapt.",
    )


def _listed(title: str, entries: Iterator[str], after: str = "") -> Iterator[str]:
    found = list(entries)
    if found:
        yield f"\n## {title}\n"
        yield from (f"- {one}" for one in found)
        if after:
            yield f"\n{after}"


def _quoted(events: list[str]) -> str:
    return ", ".join(f"`{one}`" for one in events)
