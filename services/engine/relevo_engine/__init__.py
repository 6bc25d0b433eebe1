"""The engine: folds batches of events, wake-ups and outcomes through the workflows, one transaction a batch."""
