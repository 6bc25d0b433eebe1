"""The same workload on other systems, each in its own process: start, wait, three in ten cancelled, one HTTP call."""
