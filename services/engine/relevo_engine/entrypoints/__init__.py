"""How the engine is started."""
