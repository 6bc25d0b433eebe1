"""The sample shop's day on each platform: one story, told as that platform tells it.

`scenarios` says what happens and what must arrive, `plot` collects it, and a module a platform writes it in the
platform's own wire format. `registry` has one line for each platform.
"""
