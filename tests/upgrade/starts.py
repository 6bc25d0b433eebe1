"""Prints how the installed release starts its services; run by its own Python.

starts.py DATA SMTP_PORT SANDBOX_PORT
"""

import sys
from pathlib import Path

import msgspec

from relevo_cli.processes import choose_ports, specs
from relevo_runtime.settings import RuntimeSettings


def main(data: str, smtp: str, sandbox: str) -> None:
    """Write them as JSON."""
    ports = msgspec.structs.replace(choose_ports(), smtp=int(smtp), sandbox=int(sandbox))
    started = specs(RuntimeSettings(), ports, Path(data))
    sys.stdout.buffer.write(msgspec.json.encode(started, enc_hook=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
