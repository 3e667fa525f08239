"""What the Polygon client needs to know, as plain values: the roof reads settings, this layer is handed them."""

from typing import NamedTuple

from msgspec import Struct, field


class PolygonFeed(Struct, frozen=True, kw_only=True):
    """The fields of the settings section of the same name; their meaning, units and defaults are explained there."""

    rest_url: str
    stocks_url: str
    options_url: str
    symbols: tuple[str, ...]
    chain_refresh_s: float
    silence_s: float
    max_contracts: int
    rate: float
    dividend_yields: dict[str, float] = field(default_factory=dict)


class Limits(NamedTuple):
    """Bounds of every wait, queue and loop of the client."""

    poll_s: float = 0.25
    """How often waiting threads look whether to stop or to change their subscriptions."""
    handshake_s: float = 10.0
    """For the connection, and again for the answer to our key."""
    close_s: float = 2.0
    request_s: float = 15.0
    """A page from request to last byte; the slowest regular ones take about two seconds."""
    connect_s: float = 5.0
    backoff_base_s: float = 0.5
    backoff_cap_s: float = 60.0
    retry_after_cap_s: float = 300.0
    """A longer `Retry-After` is not waited out: the page is given up until the next refresh."""
    page_attempts: int = 5
    pages: int = 400
    """Of one chain. The largest, SPX, has about 100; a server that repeats itself would go on for ever."""
    page_bytes: int = 32 * 1024 * 1024
    message_bytes: int = 16 * 1024 * 1024
    queue_frames: int = 1_000
    """Frames between the sockets and the parser. A full queue stops the reading, never drops."""
    subscriptions_per_message: int = 40
    """Longer lists have made the provider close the connection (polygon-io/issues#44)."""
