"""The documents do what they say."""
