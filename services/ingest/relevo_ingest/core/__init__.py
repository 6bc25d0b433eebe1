"""The rules of ingest: no IO, no clock. Everything here is a function of its arguments."""
