"""SMS through Vonage."""
