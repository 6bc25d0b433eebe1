"""One outside system each: the tables, the catalog, the mail server, the SMS provider."""
