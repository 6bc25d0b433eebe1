"""Compile time: files become a checked definition, or problems with positions. Never imports `runs`."""
