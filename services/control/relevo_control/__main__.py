"""`python -m relevo_control` starts one control server."""

from relevo_control.entrypoints.main import main

if __name__ == "__main__":
    main()
