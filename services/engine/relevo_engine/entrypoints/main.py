"""Starts the engine: overlapping batch consumers, and the loops that keep the catalog and the partitions current."""


