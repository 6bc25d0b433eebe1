"""`python -m relevo_ingest` starts one ingest."""

from relevo_ingest.entrypoints.main import main

if __name__ == "__main__":
    main()
