"""Every feature there is, as one table: `docs/features.md` is made of it, and who reads features can look them up."""

from typing import Final

from stream_processing.feature_engineering.features import Feature
from stream_processing.feature_engineering.indicators.fused import fuse
from stream_processing.feature_engineering.indicators.table import INDICATORS
from stream_processing.feature_engineering.momentum import MOMENTUM
from stream_processing.feature_engineering.order_flow import PRICE_IMPACT
from stream_processing.feature_engineering.scan import Scan
from stream_processing.feature_engineering.volatility import VOLATILITY

BAR_SCAN: Final[Scan] = fuse((*INDICATORS, *VOLATILITY, *MOMENTUM, PRICE_IMPACT))
"""What is said of each final bar, by symbol and interval."""
OF_BARS: Final[tuple[Feature, ...]] = BAR_SCAN.features
