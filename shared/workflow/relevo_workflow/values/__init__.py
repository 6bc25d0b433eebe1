"""Values that a workflow writes: literals, expressions and Liquid texts; read, checked and computed."""
