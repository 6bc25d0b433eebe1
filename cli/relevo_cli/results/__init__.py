"""What `relevo results` says of a workflow: read (`reading`), in words and tables (`text`),
as a page with charts (`page`, `charts`)."""
