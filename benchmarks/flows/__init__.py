"""The library of workflows against the clock; the folder `relay` holds the flow that the relay benchmark runs."""
