"""Local servers that speak the published APIs of the systems that serve ports, for the suite of all of them."""
