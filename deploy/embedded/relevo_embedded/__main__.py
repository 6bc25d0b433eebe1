"""`python -m relevo_embedded`: fetch Apache Kafka now, and make its start quicker, rather than at the first start."""

import asyncio
import sys

from relevo_embedded.kafka import prepare

if __name__ == "__main__":
    asyncio.run(prepare(sys.stdout.write))
