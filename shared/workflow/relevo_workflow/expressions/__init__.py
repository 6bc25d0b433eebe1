"""CEL: the shapes of values, expressions checked against them and evaluated at one decision."""
