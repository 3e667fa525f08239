"""Parts of a state by key, decoded only when somebody asks for them: most of them rest most of the time."""

from collections.abc import Mapping
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Memory(Generic[T]):
    """Parts of one kind, frozen and with a default. A part that was never put is its kind's default."""

    def __init__(self, kind: type[T], kept: Mapping[str, bytes]) -> None:
        self._kind, self._kept = kind, dict(kept)
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._found: dict[str, T] = {}
        self._changed: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._kept

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, key: str) -> T:
        if key not in self._found:
            kept = self._kept.get(key)
            self._found[key] = self._decoder.decode(kept) if kept else self._kind()
        return self._found[key]

    def __setitem__(self, key: str, part: T) -> None:
        self._found[key] = part
        self._kept.setdefault(key, b"")
        self._changed.add(key)

    def replace(self, key: str, part: T) -> bool:
        """Put a part; whether it differs from the one before."""
        is_new = part != self[key]
        if is_new:
            self[key] = part
        return is_new

    def kept(self) -> dict[str, bytes]:
        """All parts as bytes; only those that were put since the last time are encoded."""
        for key in self._changed:
            self._kept[key] = msgspec.msgpack.encode(self._found[key])
        self._changed.clear()
        return self._kept
