"""The part of Plivo's API that sending needs."""
