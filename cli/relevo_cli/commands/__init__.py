"""The commands, one module a noun. Each turns its options into one call and prints the result."""
