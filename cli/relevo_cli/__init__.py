"""The `relevo` command: runs, deploys, looks after and demonstrates Relevo."""
