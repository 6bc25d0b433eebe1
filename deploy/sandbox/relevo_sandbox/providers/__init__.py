"""The counterparts of the notifier's providers, each under the same name."""
