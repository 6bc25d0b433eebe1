"""Writes the clients of the control API from its OpenAPI document: `make clients`.

    python clients/generator/generate.py python|typescript [--check]

The same document gives the same files, byte for byte: the generators are pinned, by requirements.txt here and by the
lock file of the TypeScript package. With `--check` nothing is written, and what differs ends it with 1.
"""

import argparse
import filecmp
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DOCUMENT = ROOT / "docs" / "openapi-control.json"
TYPESCRIPT = ROOT / "clients" / "control-typescript"
FOLDERS = {
    "python": ROOT / "clients" / "python" / "relevo_client" / "control" / "generated",
    "typescript": TYPESCRIPT / "src" / "generated",
}
DIGEST = "document.sha256"
"""Beside what is generated: of which document, so that it can be checked where the generator is not installed."""


def digest() -> str:
    """What names the document as it is now."""
    return f"{hashlib.sha256(DOCUMENT.read_bytes()).hexdigest()}\n"


def python(target: Path) -> None:
    """By openapi-python-client, which stands beside the interpreter that runs this."""
    beside = Path(sys.executable).parent
    surroundings = {**os.environ, "PATH": f"{beside}{os.pathsep}{os.environ['PATH']}"}
    options = ["--meta", "none", "--config", str(HERE / "python.yaml"), "--fail-on-warning"]
    command = [str(beside / "openapi-python-client"), "generate", "--path", str(DOCUMENT), *options]
    _run([*command, "--output-path", str(target)], ROOT, surroundings)


def typescript(target: Path) -> None:
    """By @hey-api/openapi-ts, which `npm ci` in the package brings."""
    surroundings = {**os.environ, "RELEVO_DOCUMENT": str(DOCUMENT), "RELEVO_TARGET": str(target)}
    _run([str(TYPESCRIPT / "node_modules" / ".bin" / "openapi-ts")], TYPESCRIPT, surroundings)


GENERATORS: dict[str, Callable[[Path], None]] = {"python": python, "typescript": typescript}


def differences(one: Path, other: Path) -> list[str]:
    """The files that are not the same in both folders."""
    names = {file.relative_to(of) for of in (one, other) for file in of.rglob("*") if _counts(file)}
    return [str(name) for name in sorted(names) if not _same(one / name, other / name)]


def main() -> int:
    """Writes a client, or checks it."""
    parser = argparse.ArgumentParser(description="Write a client of the control API.")
    parser.add_argument("language", choices=FOLDERS)
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if something would change")
    asked = parser.parse_args()
    folder = FOLDERS[asked.language]
    with tempfile.TemporaryDirectory() as place:
        made = Path(place) / folder.name
        GENERATORS[asked.language](made)
        (made / DIGEST).write_text(digest())
        changed = differences(made, folder)
        if asked.check:
            if changed:
                print(f"{folder} is out of date: {', '.join(changed[:10])}; run `make clients`", file=sys.stderr)
            return 1 if changed else 0
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder, ignore=shutil.ignore_patterns(".*"))
    print(f"{folder}: {len(changed)} files differ from before")
    return 0


def _counts(file: Path) -> bool:
    return file.is_file() and "__pycache__" not in file.parts and not file.name.endswith(".pyc")


def _same(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)


def _run(command: list[str], folder: Path, surroundings: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
