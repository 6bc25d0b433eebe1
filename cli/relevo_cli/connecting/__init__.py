"""Connecting a shop by its platform's API: `relevo connect` and `relevo disconnect`.

`credentials` gathers what opens the API, `session` holds a connection while the command runs, `webhooks` makes what is
registered what it should be, `reachability` looks whether the platform gets to ingest, `history` reads what was before.
"""
