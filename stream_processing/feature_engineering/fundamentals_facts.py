"""What companies state, as facts in order: the first fields are the order."""

from msgspec import Struct


class Filing(Struct, frozen=True, order=True, array_like=True, forbid_unknown_fields=True):
    """One quarter's statements as of one filing: flows of the quarter, levels of its end, dollars."""

    period_ended_at: int
    revision: int
    known_at: int
    event_id: str
    revenue: float
    net_income: float
    operating_cash_flow: float
    assets: float
    liabilities: float
    equity: float
    shares: int


class Split(Struct, frozen=True, order=True, array_like=True, forbid_unknown_fields=True):
    """A split: `ratio` new shares for each old one."""

    effective_at: int
    known_at: int
    event_id: str
    ratio: float


class Dividend(Struct, frozen=True, order=True, array_like=True, forbid_unknown_fields=True):
    """A cash dividend in dollars a share, in terms of the day it was declared on."""

    ex_at: int
    known_at: int
    event_id: str
    amount: float
    special: bool
