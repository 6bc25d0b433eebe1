"""One outside system each: the tables, the catalog, outgoing HTTP. Mail and SMS are in `providers`."""
