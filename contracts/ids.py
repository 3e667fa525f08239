"""Deterministic identities: the same fact always has the same id.

The rule is chosen so that Spark's native functions can compute it too:
`substring(sha2(concat_ws('|', parts…), 256), 1, 32)`. 128 bits leave no realistic chance of a collision.
"""

from hashlib import sha256

ID_LENGTH = 32
SEPARATOR = "|"


def make_id(*parts: str | int) -> str:
    """Identity of the fact that `parts` determine, as 32 hexadecimal characters.

    >>> make_id("GreeksComputed", "ab", 1)
    '4abca932e7c6e05aaf97659c41f78c7a'
    """
    return sha256(SEPARATOR.join(map(str, parts)).encode()).hexdigest()[:ID_LENGTH]
