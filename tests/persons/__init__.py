"""Who is a person: from the shop's events to the address that is written to."""
