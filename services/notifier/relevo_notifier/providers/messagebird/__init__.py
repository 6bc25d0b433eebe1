"""SMS through MessageBird (Bird)."""
