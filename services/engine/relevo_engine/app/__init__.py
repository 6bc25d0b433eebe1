"""Use cases of the engine, one a module."""
