"""`python -m relevo_ingest` starts one ingest; `python -m relevo_ingest poll` the process that asks shops."""

import sys

from relevo_ingest.entrypoints import main, polling

if __name__ == "__main__":
    if sys.argv[1:2] == ["poll"]:
        polling.main(sys.argv[2:])
    else:
        main.main()
