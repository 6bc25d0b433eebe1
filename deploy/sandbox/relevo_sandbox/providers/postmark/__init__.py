"""The part of Postmark's API that sending needs."""
