"""Observers of the feed that keep what they are told."""

from contracts.errors import RejectedRecord
from contracts.ports import Message


class Notes:
    """What was read."""

    def __init__(self) -> None:
        self.records = 0
        self.rejections: list[tuple[int, str]] = []

    def read(self, records: int) -> None:
        self.records += records

    def rejected(self, message: Message, rejection: RejectedRecord) -> None:
        self.rejections.append((message.offset, rejection.reason))
