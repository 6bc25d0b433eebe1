"""What every service of Relevo runs on: Kafka, PostgreSQL, clock, timers, outbox, settings, telemetry."""
