"""Migrations while the release before works."""
