"""The ports of `app.ports` on Kafka, PostgreSQL and metrics: one outside system or table each, its SQL beside it."""
