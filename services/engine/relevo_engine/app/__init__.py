"""Use cases of the engine, one a module. `ports` says what they need of the outside; `adapters` implement it."""
