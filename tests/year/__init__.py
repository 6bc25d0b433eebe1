"""A shop's year: a population of customers, all workflows of the library together, and what may never happen."""
