"""How control is started, and what it serves: routes, who asks, OpenAPI."""
