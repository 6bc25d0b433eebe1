"""What happened to a customer and why, in sentences."""
