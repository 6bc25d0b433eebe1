"""`python -m relevo_scheduler` starts one scheduler."""

from relevo_scheduler.entrypoints.main import main

if __name__ == "__main__":
    main()
