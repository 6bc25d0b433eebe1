"""The hash by which Kafka chooses a partition, a word at a time: the client's own takes twice as long for a key."""

from struct import unpack_from

_MULTIPLIER = 0x5BD1E995
_SEED = 0x9747B28C
_WORD = 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """MurmurHash2 (32 bits) of `key`, as `org.apache.kafka.common.utils.Utils.murmur2` has it, without a sign."""
    words = len(key) // 4
    hashed = _SEED ^ len(key)
    for word in unpack_from(f"<{words}I", key):
        mixed = (word * _MULTIPLIER) & _WORD
        mixed = ((mixed ^ (mixed >> 24)) * _MULTIPLIER) & _WORD
        hashed = ((hashed * _MULTIPLIER) & _WORD) ^ mixed
    if tail := key[4 * words :]:
        hashed = ((hashed ^ int.from_bytes(tail, "little")) * _MULTIPLIER) & _WORD
    hashed = ((hashed ^ (hashed >> 13)) * _MULTIPLIER) & _WORD
    return hashed ^ (hashed >> 15)
