"""`python -m relevo_notifier`."""

from relevo_notifier.entrypoints.main import main

if __name__ == "__main__":
    raise SystemExit(main())
