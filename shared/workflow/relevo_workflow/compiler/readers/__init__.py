"""Readers of the parts of a workflow's files."""
