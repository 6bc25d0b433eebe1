"""SMS through Plivo."""
