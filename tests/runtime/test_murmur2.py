"""The hash of keys is the client's own: whoever else writes to a topic finds the same partition."""

from aiokafka.partitioner import murmur2 as of_the_client
from hypothesis import given
from hypothesis import strategies as st

from relevo_runtime.kafka.murmur2 import murmur2

_WORD = 0xFFFFFFFF


@given(st.binary(max_size=80))
def test_it_is_the_hash_of_the_client(key: bytes) -> None:
    assert murmur2(key) == of_the_client(key) & _WORD
