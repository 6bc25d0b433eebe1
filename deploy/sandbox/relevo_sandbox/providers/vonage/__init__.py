"""The part of Vonage's API that sending needs."""
