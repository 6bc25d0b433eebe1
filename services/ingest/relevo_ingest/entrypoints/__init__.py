"""How ingest is reached and started: the HTTP surface and the process around it."""
