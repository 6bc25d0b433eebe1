"""Local servers that speak the APIs of shop platforms, with the errors that these have: a module a platform.

Each holds a small shop in memory; what a test wants to go wrong it puts into `faults`. What they answer follows the
platforms' documents and is checked by what the connectors read; they are no platforms.
"""
