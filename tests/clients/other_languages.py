"""The TypeScript and PHP clients against a running ingest: `make test-clients`. They need node, npm and php.

What is missing fails the tests; it is never passed over.
"""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from relevo_runtime import catalog
from relevo_runtime.postgres import Pool
from tests.cli.test_deploying import CART
from tests.clients.samples import sample, two_runs
from tests.clients.scenario import check, flaky, odd
from tests.control.conftest import Hire, control_settings, hire, url
from tests.ingest.conftest import TOKEN, Ingest, ingest, tea

__all__ = ["control_settings", "hire", "ingest", "tea", "url"]

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
TYPESCRIPT = ROOT / "clients" / "typescript"
CONTROL = ROOT / "clients" / "control-typescript"


def need(command: str, package: str) -> str:
    """The path of a command. Fails with what to install if it is missing."""
    found = shutil.which(command)
    if found is None:
        pytest.fail(f"{command} is missing: install {package} (apt-get install {package}) and run this again")
    return found


async def output(*command: str, cwd: Path = ROOT) -> str:
    done = await asyncio.to_thread(subprocess.run, command, cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


async def test_the_typescript_client_sends_what_was_meant(ingest: Ingest) -> None:
    node, npm = need("node", "nodejs"), need("npm", "npm")
    await output(npm, "ci", "--no-fund", "--no-audit", cwd=TYPESCRIPT)
    await output(npm, "run", "build", cwd=TYPESCRIPT)  # strict: see tsconfig.json
    async with flaky(ingest) as unsteady, odd() as other:
        told = await output(node, str(HERE / "scenario.mjs"), str(ingest.client.base_url), unsteady, other)
    await check(ingest, json.loads(told))


async def test_the_types_refuse_what_ingest_would_refuse(tmp_path: Path) -> None:
    npm = need("npm", "npm")
    await output(npm, "ci", "--no-fund", "--no-audit", cwd=TYPESCRIPT)
    wrong = TYPESCRIPT / "src" / "wrong.ts"
    wrong.write_text(
        'import { Client } from "./index.js";\n'
        'const relevo = new Client({ url: "", shop: "", token: "", source: "" });\n'
        'void relevo.send({ type: "order.placed", id: "1", data: { order_id: "1", customer: {}, numbr: "x" } });\n'
        'void relevo.send({ type: "order.plced", id: "1", data: { order_id: "1", customer: {} } });\n'
        'void relevo.send({ type: "order.placed", id: "1", data: { customer: {} } });\n'
    )
    try:
        with pytest.raises(AssertionError) as refused:
            await output(npm, "exec", "--", "tsc", "--noEmit", cwd=TYPESCRIPT)
    finally:
        wrong.unlink()
    assert [line for line in (3, 4, 5) if f"wrong.ts({line}," in str(refused.value)] == [3, 4, 5]


async def test_the_typescript_client_of_the_control_api_is_what_its_generator_writes_and_works(
    url: str, hire: Hire, pool: Pool
) -> None:
    node, npm = need("node", "nodejs"), need("npm", "npm")
    await output(npm, "ci", "--no-fund", "--no-audit", cwd=CONTROL)
    await output(sys.executable, str(ROOT / "clients/generator/generate.py"), "typescript", "--check")
    await output(npm, "run", "build", cwd=CONTROL)
    async with pool.acquire() as connection, connection.transaction():
        for number in range(5):
            await catalog.add_shop(connection, catalog.Shop(shop=f"s{number}", platform="custom"))
    workflow = CART.replace("LEVEL", "ad-hoc")
    told = await output(node, str(HERE / "control.mjs"), url, await hire("ann", "author"), workflow)
    found = json.loads(told)
    assert (found["name"], found["author"], found["notes"]) == ("ann", "ann", ["by the client"])
    assert found["shops"] == ["s0", "s1", "s2", "s3", "s4"]
    assert (found["unknown"]["status"], found["unknown"]["type"]) == (404, "urn:relevo:problem:not-known")
    assert found["stranger"]["status"] == 401
    assert "must begin with https://" in found["unsafe"]


async def run_typescript(code: str, package: Path, folder: Path) -> str:
    """Compiles a sample as somebody does who has installed the package, and runs it."""
    node, npm = need("node", "nodejs"), need("npm", "npm")
    await output(npm, "ci", "--no-fund", "--no-audit", cwd=package)
    await output(npm, "run", "build", cwd=package)
    installed = folder / "node_modules" / json.loads((package / "package.json").read_text())["name"]
    installed.parent.mkdir(parents=True)
    installed.symlink_to(package)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "sample.ts").write_text(code)
    strict = ("--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom,dom.asynciterable")
    await output(npm, "exec", "--prefix", str(package), "--", "tsc", *strict, str(folder / "sample.ts"), cwd=folder)
    return await output(node, str(folder / "sample.js"), cwd=folder)


async def test_the_typescript_sample_sends_an_event_as_it_is_written(ingest: Ingest, tmp_path: Path) -> None:
    code = sample("ts", of_control=False, url=str(ingest.client.base_url).rstrip("/"), token=TOKEN)
    await run_typescript(code, TYPESCRIPT, tmp_path)
    assert [(one.id, one.type) for one in await ingest.stored()] == [("erp#order-1001", "order.placed")]


async def test_the_typescript_sample_reads_a_list_of_the_control_api_as_it_is_written(
    url: str, hire: Hire, pool: Pool, tmp_path: Path
) -> None:
    await two_runs(pool)
    code = sample("ts", of_control=True, url=url, token=await hire("olga", "operator"))
    assert await run_typescript(code, CONTROL, tmp_path) == "r-active\nr-ended\n"


async def test_the_php_sample_sends_an_event_as_it_is_written(ingest: Ingest, tmp_path: Path) -> None:
    code = sample("php", of_control=False, url=str(ingest.client.base_url).rstrip("/"), token=TOKEN)
    classes = ROOT / "clients" / "php" / "src"
    load = (
        f"spl_autoload_register(static function (string $class): void {{"
        f" require '{classes}/' . str_replace(['Relevo\\\\', '\\\\'], ['', '/'], $class) . '.php'; }});\n"
    )
    (tmp_path / "sample.php").write_text(f"<?php\n{load}{code}")
    await output(need("php", "php-cli"), str(tmp_path / "sample.php"))
    assert [(one.id, one.type) for one in await ingest.stored()] == [("erp#order-1001", "order.placed")]


async def test_the_php_client_sends_what_was_meant(ingest: Ingest) -> None:
    php = need("php", "php-cli")
    for file in sorted((ROOT / "clients" / "php").rglob("*.php")):
        await output(php, "-l", str(file))
    async with flaky(ingest) as unsteady, odd() as other:
        told = await output(php, str(HERE / "scenario.php"), str(ingest.client.base_url), unsteady, other)
    await check(ingest, json.loads(told))
