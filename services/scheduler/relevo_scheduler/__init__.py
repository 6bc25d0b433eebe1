"""The scheduler: publishes what is due as keyed wake-ups and rescues what a dead engine left behind.

`core` decides how long to sleep, `app` holds one use case a function, `adapters` listens to PostgreSQL and writes
to Kafka, `entrypoints` starts it. Any number of instances run side by side.
"""
