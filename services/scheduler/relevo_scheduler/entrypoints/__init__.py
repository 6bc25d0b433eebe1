"""How the scheduler is started."""
