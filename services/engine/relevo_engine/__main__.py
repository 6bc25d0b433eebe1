"""`python -m relevo_engine` starts one engine."""

from relevo_engine.entrypoints.main import main

if __name__ == "__main__":
    main()
