"""Control: what people and CI do with Relevo over HTTPS, and the use cases that the `relevo` command shares with it."""
