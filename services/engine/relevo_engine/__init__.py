"""The engine: decides what batches of events, wake-ups and outcomes do to workflows, one transaction a batch."""
