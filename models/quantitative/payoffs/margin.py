"""Initial margin of a position: the cheapest way to divide it among the strategies of the rules' table.

Theory of operation
-------------------
Every rule names the kinds of legs it joins. All ways to fill its slots with legs of the position are candidates, each
with a requirement for one unit. How many units of which candidate to take, such that every contract and every share
is used exactly once and the sum is least, is a small integer programme, solved exactly (SciPy's HiGHS).
"""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations_with_replacement, groupby, product
from typing import Final, NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from contracts.errors import BadInput
from models.quantitative import checks
from models.quantitative.blocks import Floats
from models.quantitative.payoffs.legs import CashLeg, OptionLeg, Position, StockLeg, options_of
from models.quantitative.payoffs.margin_rules import RULES, Account, Rule, Slot, Underlying

MAX_LEGS: Final = 24
"""Legs of one position; candidates of the four-legged rules grow with the fourth power of their number."""
WHOLE: Final = 1e-9
"""How near to a whole number a quantity of contracts must be."""


class MarginItem(NamedTuple):
    """A part of the position to which one rule applies."""

    rule: str
    source: str
    legs: tuple[int, ...]
    """Places of the legs in the position, one for each slot of the rule."""
    units: float
    """Contracts of each slot; for stock alone, lots of the multiplier."""
    requirement: float
    """Dollars for all units."""


class Margin(NamedTuple):
    """Initial margin of a position in dollars."""

    requirement: float
    """What the account must hold, with long options at their full price."""
    proceeds: float
    """What the sale of options and stock brings in, which may be applied to it."""
    deposit: float
    """What is left to deposit: requirement less proceeds."""
    items: tuple[MarginItem, ...]


class _Candidate(NamedTuple):
    rule: Rule
    legs: tuple[int, ...]
    requirement: float
    """For one unit."""


def initial_margin(legs: Position, underlying: Underlying, account: Account = "margin") -> Margin:
    """Initial margin at the legs' premiums and the underlying's price; contracts are whole and of one multiplier.

    >>> from models.quantitative.payoffs.strategies import build
    >>> position = build("iron_condor", [115.0, 125.0, 130.0, 140.0], [0.2], [2.83, 6.33, 6.65, 3.38])
    >>> round(initial_margin(position, Underlying(128.0)).deposit, 2)
    323.0
    """
    checks.positive("underlying.price", underlying.price)
    lots = _lots(legs)
    candidates = list(_candidates(legs, underlying, account))
    uses = np.zeros((len(legs), len(candidates)))
    for column, candidate in enumerate(candidates):
        for leg, count in Counter(candidate.legs).items():
            uses[leg, column] = count
    units = _cheapest(candidates, uses, lots, legs, account)
    items = tuple(
        MarginItem(c.rule.name, c.rule.source, c.legs, float(n), float(n) * c.requirement)
        for c, n in zip(candidates, units, strict=True)
        if n > WHOLE
    )
    required = sum(item.requirement for item in items)
    proceeds = -sum(leg.cost for leg in options_of(legs) if leg.quantity < 0.0)
    proceeds += sum(-leg.quantity * underlying.price for leg in legs if isinstance(leg, StockLeg) and leg.quantity < 0)
    return Margin(required, proceeds, required - proceeds, items)


def _multiplier(legs: Position) -> float:
    multipliers = {leg.multiplier for leg in options_of(legs)} or {100.0}
    if len(multipliers) > 1:
        raise BadInput(f"the legs have multipliers {sorted(multipliers)}: margin each class of options by itself")
    return multipliers.pop()


def _lots(legs: Position) -> Floats:
    """Contracts of each leg, or stock in lots of the multiplier, without sign."""
    if len(legs) > MAX_LEGS:
        raise BadInput(f"the position has {len(legs)} legs: at most {MAX_LEGS}")
    multiplier = _multiplier(legs)
    sizes = np.zeros(len(legs))
    for place, leg in enumerate(legs):
        if isinstance(leg, StockLeg):
            sizes[place] = abs(leg.quantity) / multiplier
        elif isinstance(leg, OptionLeg):
            if abs(leg.quantity - round(leg.quantity)) > WHOLE:
                raise BadInput(f"legs[{place}].quantity is {leg.quantity}: must be a whole number of contracts")
            sizes[place] = abs(round(leg.quantity))
    return sizes


def _slot(leg: OptionLeg | StockLeg) -> Slot:
    if isinstance(leg, StockLeg):
        return "long stock" if leg.quantity > 0.0 else "short stock"
    if leg.is_call:
        return "long call" if leg.quantity > 0.0 else "short call"
    return "long put" if leg.quantity > 0.0 else "short put"


def _candidates(legs: Position, underlying: Underlying, account: Account) -> Iterator[_Candidate]:
    """Every way to fill a rule's slots with legs; equal slots stand side by side in the table."""
    places: dict[Slot, list[int]] = {}
    for place, leg in enumerate(legs):
        if not isinstance(leg, CashLeg) and leg.quantity:
            places.setdefault(_slot(leg), []).append(place)
    multiplier = _multiplier(legs)
    for rule in (rule for rule in RULES if account in rule.accounts):
        runs = [(slot, len(list(run))) for slot, run in groupby(rule.slots)]
        choices = [combinations_with_replacement(places.get(slot, []), count) for slot, count in runs]
        for chosen in product(*choices):
            filled = tuple(place for run in chosen for place in run)
            units = [leg if isinstance(leg := legs[place], OptionLeg) else None for place in filled]
            if rule.fits(units):
                yield _Candidate(rule, filled, rule.requirement(units, underlying, multiplier))


def _cheapest(candidates: list[_Candidate], uses: Floats, lots: Floats, legs: Position, account: Account) -> Floats:
    """Units of each candidate such that every leg is used up and the requirement is least."""
    for place in np.flatnonzero((lots > 0.0) & ~uses.any(axis=1)):
        raise BadInput(f"legs[{place}] is {legs[place]}: no rule of a {account} account permits it")
    if not candidates:
        return np.zeros(0)
    alone_in_stock = [c.rule.slots in {("long stock",), ("short stock",)} for c in candidates]
    solved = milp(
        c=[c.requirement for c in candidates],
        constraints=LinearConstraint(uses, lots, lots),
        integrality=np.where(alone_in_stock, 0, 1),
        bounds=Bounds(0.0, np.inf),
    )
    if solved.x is None:
        raise BadInput(f"legs: a {account} account does not permit this position; some short option is not covered")
    whole: Floats = np.where(alone_in_stock, solved.x, np.round(solved.x))
    return whole
