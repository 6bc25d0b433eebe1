"""Ways to spoil a workflow: what a slip of the hand would do, generated for every place where it can happen."""
