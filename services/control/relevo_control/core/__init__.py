"""Rules of control: who may do what, what a token is, how the audit log is chained. Pure."""
