"""What Relevo takes from others, and what must not be in its tree: licences, known vulnerabilities, secrets."""
