"""The part of MessageBird's API that sending needs."""
