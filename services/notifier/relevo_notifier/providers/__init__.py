"""The ways out: one folder a provider, with its options, its client and its reply codes."""
