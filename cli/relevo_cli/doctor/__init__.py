"""`relevo doctor`: what is known of a running system (facts), and what is to be done about it (findings).

`database`, `broker` and `services` look, each for itself and read-only; `judging` is pure. `control` is for who has no
database, and asks the control API alone.
"""
