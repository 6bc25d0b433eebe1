"""The control API: who may what, what is written down, and that it does what the command does."""
