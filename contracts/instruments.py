"""Option contracts: OCC symbols with adjusted roots, rights, exercise styles and the instant a contract expires.

An OCC symbol is root (1–6 characters, padded to six in the 21-character form), expiry as YYMMDD, C or P, and the strike
in thousandths over eight digits. A root that ends in a digit marks a contract adjusted after a corporate action: its
deliverable is not 100 shares of the underlying (OCC, "Interpretative Guidance on the Adjustment Policy").
"""

import re
from datetime import UTC, date, datetime
from typing import Final, Literal, NamedTuple

from contracts import sessions
from contracts.errors import RejectedRecord

Right = Literal["C", "P"]
Style = Literal["american", "european"]

_OCC: Final = re.compile(r"(?:O:)?([A-Z]{1,5}[0-9]?) *([0-9]{6})([CP])([0-9]{8})")


class Root(NamedTuple):
    """How contracts of one option root settle; roots not listed are American, on 100 shares, afternoon-settled."""

    underlying: str
    style: Style
    morning_settled: bool


ROOTS: Final[dict[str, Root]] = {
    "SPX": Root("SPX", "european", morning_settled=True),
    "SPXW": Root("SPX", "european", morning_settled=False),
}


class OptionContract(NamedTuple):
    """What an OCC symbol says."""

    root: str
    expiry: date
    right: Right
    strike: float

    @property
    def symbol(self) -> str:
        """OCC symbol without padding, as used throughout the system."""
        return f"{self.root}{self.expiry:%y%m%d}{self.right}{round(self.strike * 1000):08d}"

    @property
    def is_adjusted(self) -> bool:
        """Whether a corporate action changed the deliverable, so that the multiplier must not be assumed."""
        return self.root[-1].isdigit()

    @property
    def underlying(self) -> str:
        """Symbol of the underlying."""
        return ROOTS[self.root].underlying if self.root in ROOTS else self.root.rstrip("0123456789")

    @property
    def style(self) -> Style:
        """Exercise style."""
        return ROOTS[self.root].style if self.root in ROOTS else "american"

    @property
    def expires_at(self) -> int:
        """Instant of expiry, microseconds since the epoch: a session's close, or its open where it is settled then."""
        morning = self.root in ROOTS and ROOTS[self.root].morning_settled
        return sessions.expires_at(self.expiry, morning_settled=morning)


def parse_occ(symbol: str) -> OptionContract:
    """The contract behind an OCC symbol, padded or not, with or without the `O:` prefix of some providers.

    >>> parse_occ("AAPL  240119C00150000").symbol
    'AAPL240119C00150000'
    >>> parse_occ("O:SDS1240119P00012500").is_adjusted
    True
    """
    match = _OCC.fullmatch(symbol)
    if match is None:
        raise RejectedRecord("bad_symbol", f"{symbol[:40]!r} is not an OCC option symbol")
    root, expiry, right, strike = match.groups()
    try:
        day = datetime.strptime(expiry, "%y%m%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise RejectedRecord("bad_symbol", f"{symbol!r} has no valid expiry date") from error
    if strike == "00000000":
        raise RejectedRecord("bad_symbol", f"{symbol!r} has a strike of zero")
    return OptionContract(root, day, "C" if right == "C" else "P", int(strike) / 1000)
