"""The jobs of deploy/chart/examples (decision 0074) run commands that there are, and deploy what they are given."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from relevo_cli.main import application
from tests.control.conftest import Hire
from tests.control.test_by_server import Person

EXAMPLES = Path(__file__).parents[2] / "deploy" / "chart" / "examples"
FILES = sorted(EXAMPLES.glob("deploy-workflows*.yaml"))


def parts(file: Path) -> dict[str, Any]:
    return {one["kind"]: one for one in yaml.safe_load_all(file.read_text())}


def pod(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = parts(file)["Job"]["spec"]["template"]["spec"]
    return found


def mounted(config_map: dict[str, Any], volume: dict[str, Any], folder: Path) -> Path:
    """The volume as a kubelet makes it: files in a folder of their time, and links that lead there."""
    written = folder / "..2026_01_01_00_00_00.1"
    for item in volume["configMap"]["items"]:
        file = written / item["path"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(config_map["data"][item["key"]])
    (folder / "..data").symlink_to(written.name)
    for one in sorted(written.iterdir()):
        (folder / one.name).symlink_to(Path("..data") / one.name)
    return folder


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_job_runs_a_command_that_there_is_with_a_token_from_a_secret(file: Path) -> None:
    [container] = pod(file)["containers"]
    name, *arguments = container["args"]
    group = typer.main.get_command(application(name))
    command = group.commands[name]  # type: ignore[attr-defined]
    assert command.make_context(name, [*arguments], resilient_parsing=False).params["yes"]
    given = {one["name"]: one for one in container["env"]}
    assert given["RELEVO_SERVER"]["value"].startswith("https://")
    assert "secretKeyRef" in given["RELEVO_TOKEN"]["valueFrom"]


async def test_the_workflows_of_a_config_map_are_deployed_and_once_more_changes_nothing(
    url: str, hire: Hire, tmp_path: Path
) -> None:
    file = EXAMPLES / "deploy-workflows-configmap.yaml"
    [container], config_map = pod(file)["containers"], parts(file)["ConfigMap"]
    [volume] = [one for one in pod(file)["volumes"] if "configMap" in one]
    assert volume["configMap"]["name"] == config_map["metadata"]["name"]
    assert {one["key"] for one in volume["configMap"]["items"]} == set(config_map["data"])
    [place] = [one["mountPath"] for one in container["volumeMounts"] if one["name"] == volume["name"]]
    folder = str(mounted(config_map, volume, tmp_path))
    arguments = [folder if one == place else one for one in container["args"]]
    assert shlex.join(arguments) != shlex.join(container["args"])
    ci = Person(url, await hire("ci", "author"))
    out, _ = await ci.says(*arguments)
    assert "deployed as revision" in out
    await ci.says(*arguments)
    [one] = json.loads((await ci.says("history", "big-order", "--json"))[0])
    assert (one["author"], one["note"], one["active"]) == ("ci", "release 1", True)
