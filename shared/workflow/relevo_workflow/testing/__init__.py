"""The tests beside a workflow: scenarios, virtual time, expectations, coverage."""
