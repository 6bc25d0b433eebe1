"""One outside system each: the identity table, the shops of the catalog."""
