"""A real Apache Kafka and a real PostgreSQL from packages only, for laptops and tests.

Both run in a folder of their own under a guard process that stops them when their owner dies, however it dies.
"""

from relevo_embedded.kafka import EmbeddedKafka, Listener
from relevo_embedded.postgres import EmbeddedPostgres
from relevo_embedded.process import EmbeddedError, FolderInUseError

__all__ = ["EmbeddedError", "EmbeddedKafka", "EmbeddedPostgres", "FolderInUseError", "Listener"]
