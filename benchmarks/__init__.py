"""Benchmarks: each prints figures with a peer or a limit measured in the same run, and one JSON object as last line."""
