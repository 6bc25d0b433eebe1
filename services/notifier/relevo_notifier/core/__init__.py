"""The rules of sending: pure functions of what they are given, the time included."""
