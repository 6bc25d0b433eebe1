"""How the notifier is started."""
