"""What a fixed piece of work may cost: round trips to PostgreSQL, requests to Kafka, calls of Python. Exact counts."""
