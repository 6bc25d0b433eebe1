"""What the services of Relevo say to each other.

Canonical shop events, the CloudEvents envelope, the commands and outcomes on the
topics, and their published schemas. Pure: no IO, no clock, imports nothing of ours.
"""
