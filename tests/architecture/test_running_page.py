"""docs/running.md lists every setting of the runtime. `RELEVO_WRITE_DOCS=1 make test` writes it."""

import os
import re
from pathlib import Path

import pytest

from relevo_runtime.settings import RuntimeSettings, describe_settings

PAGE = Path(__file__).parents[2] / "docs" / "running.md"


def settings_table() -> str:
    lines = ["| variable | type | default | meaning |", "|---|---|---|---|"]
    for setting in describe_settings([RuntimeSettings]):
        default = f"`{setting.default}`" if setting.default else ""
        kind = setting.type.replace("|", "or")
        lines.append(f"| `{setting.variable}` | {kind} | {default} | {setting.meaning} |")
    return "\n".join(lines)


@pytest.mark.parametrize(("part", "table"), [("settings", settings_table)])
def test_the_page_lists_all(part: str, table: object, monkeypatch: pytest.MonkeyPatch) -> None:
    write = bool(os.environ.get("RELEVO_WRITE_DOCS"))
    for name in [name for name in os.environ if name.startswith("RELEVO_")]:
        monkeypatch.delenv(name)
    assert callable(table)
    found = re.compile(rf"(<!-- {part}: .*? -->\n).*?(<!-- end of {part} -->)", re.DOTALL)
    text = PAGE.read_text()
    wanted = found.sub(lambda match: f"{match[1]}{table()}\n{match[2]}", text)
    if write:
        PAGE.write_text(wanted)
        text = wanted
    assert text == wanted
