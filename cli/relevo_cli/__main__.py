"""`python -m relevo_cli` is the `relevo` command."""

from relevo_cli.main import main

if __name__ == "__main__":
    main()
