"""Starts the scheduler: two loops over one pool and one publisher."""
