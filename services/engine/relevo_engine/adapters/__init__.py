"""What the engine touches: PostgreSQL and the catalog of definitions, one module each."""
