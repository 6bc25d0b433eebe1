"""The workflow language of Relevo: parse, check, decide, simulate. Pure: no IO, no clock, no randomness."""
