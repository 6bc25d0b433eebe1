"""A compiled workflow: its program of steps, its triggers and rules, and the index of a shop's workflows."""
