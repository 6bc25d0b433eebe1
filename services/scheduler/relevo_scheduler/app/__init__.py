"""One use case a module: publish what is due, rescue what was left behind."""
