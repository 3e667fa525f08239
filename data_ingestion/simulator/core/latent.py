"""The latent market of a table of names: where each stands at every moment, made on demand.

Theory of operation
-------------------
`Latent` holds the courses of all components through four decades, and makes the minutes of a session and the grid of a
minute when they are asked for. A name's log price is its loadings times its components', shifted so that on the anchor
session it opens at its table price; the minutes of a session add up to the session, the grid of a minute to the minute.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from data_ingestion.simulator.core import expectations, grid, volumes
from data_ingestion.simulator.core import flow as flows
from data_ingestion.simulator.core.clock import MINUTE_US, Session, elapsed, session_at, sessions, sessions_a_year
from data_ingestion.simulator.core.components import Floats, Mix
from data_ingestion.simulator.core.flow import STEPS
from data_ingestion.simulator.core.minutes import Minutes, minutes
from data_ingestion.simulator.core.moves import DayMoves, Moves, no_moves, of_day
from data_ingestion.simulator.core.seeding import Stream, generator, number_of
from data_ingestion.simulator.core.sessions import Course, World, courses

SECONDS: Final = 60
"""A minute."""
ANCHOR: Final = date(2026, 1, 2)
LAST_YEAR: Final = 2032
"""Courses reach to its end: the longest options that are listed three years before it."""
WORST: Final = 3.0
"""Times its usual volatility at which a name is as stressed as can be."""
HABIT_HALF_LIVES: Final = (1.0, 10.0, 60.0)
"""Minutes."""
_HABIT_SHARES: Final = np.array(HABIT_HALF_LIVES) ** -0.5
_HABIT_WEIGHTS: Final[Floats] = np.sqrt(_HABIT_SHARES / _HABIT_SHARES.sum())
_HABIT_KEEP: Final[Floats] = 2.0 ** (-1 / np.array(HABIT_HALF_LIVES))


class Filled(NamedTuple):
    """One session minute by minute. Arrays (minutes, names) unless they say otherwise."""

    session: Session
    components: tuple[Minutes, ...]
    """One a component, each with this session as its only row."""
    log_price: Floats
    """At the minutes' starts and at the close: (minutes + 1, names)."""
    deviation: Floats
    """Standard deviation of the minute's diffusive log return."""
    decoy: Floats
    """At the minutes' starts and the close."""
    habit: Floats
    """At the minutes' starts and the close."""
    volume: Floats
    """Whole shares traded in the minute."""
    moves: DayMoves
    """What happens to the names."""


class Segment(NamedTuple):
    """One minute of the market."""

    world: World
    session: Session
    minute: int
    path: grid.Path

    @property
    def started_at(self) -> int:
        """Microseconds since the epoch."""
        return self.session.opens_at + self.minute * MINUTE_US

    @property
    def steps_a_year(self) -> int:
        """Steps of the grid in a year of sessions as long as this one."""
        return sessions_a_year(self.world.hours) * self.session.minutes * STEPS


class Latent:
    """The latent market of some names: `prices` on the anchor session, `usual` shares a second, (names,) each."""

    def __init__(
        self,
        world: World,
        symbols: Sequence[str],
        mix: Mix,
        prices: Floats,
        usual: Floats,
        moves: Moves | None = None,
    ) -> None:
        self.world, self.symbols, self.mix = world, tuple(symbols), mix
        self.sessions = sessions(world.hours, LAST_YEAR)
        self.moves = no_moves(len(self.sessions), len(self.symbols)) if moves is None else moves
        self.courses = courses(world, mix.components, self.sessions)
        self.log_opens = self._log_opens(prices)
        self.usual = usual
        self.log_volumes = volumes.of_sessions(world, self.symbols, mix, self.courses, self.sessions)
        self.session_minutes = lru_cache(maxsize=3)(self._session_minutes)

    def session_at(self, moment: int) -> Session:
        """The session that a moment (µs) lies in, or the next one."""
        return session_at(self.world.hours, moment)

    def _log_opens(self, prices: Floats) -> Floats:
        """Log price of each name at each session's open, (sessions, names)."""
        gap = self.world.gap
        opens = []
        for one in self.courses:
            night, day = one.before_open(gap), one.of_day(gap)
            opens.append(np.cumsum(night) + np.cumsum(day) - day)
        moved = grid.mixed(np.stack(opens, axis=1), self.mix.places, self.mix.loadings)
        days = self.moves.of_day()
        moved += np.cumsum(self.moves.night, axis=0) + np.cumsum(days, axis=0) - days
        anchor = next(session.number for session in self.sessions if session.day >= ANCHOR)
        return np.asarray(moved - moved[anchor] + np.log(prices))

    def _session_minutes(self, number: int) -> Filled:
        session = self.sessions[number]
        made = tuple(
            minutes(self.world, component, one, (session,))
            for component, one in zip(self.mix.components, self.courses, strict=True)
        )
        moves = of_day(self.moves, number, session.minutes)
        returns = self._mixed([each.returns[0] for each in made]) + moves.jump + moves.drift
        start = self.log_opens[number]
        log_price = start + np.concatenate([np.zeros((1, len(start))), np.cumsum(returns, axis=0)])
        deviation = self._deviation([each.deviation[0] for each in made])
        decoy, habit = self._name_minutes(session)
        volume = np.stack([self.volume(session, name) for name in range(len(self.symbols))], axis=1)
        return Filled(session, made, log_price, deviation, decoy, habit, volume, moves)

    def volume(self, session: Session, name: int) -> Floats:
        """Whole shares of a name traded in each minute of a session."""
        address = (number_of(self.symbols[name]), session.number)
        noise = generator(self.world.seed, Stream.VOLUMES, *address, 0).standard_normal(session.minutes)
        usual = self.usual[name] * session.minutes * SECONDS
        return volumes.of_minutes(usual, self.log_volumes[session.number, name], noise)

    def segment(self, number: int, minute: int) -> Segment:
        """A minute of a session on the grid."""
        filled = self.session_minutes(number)
        return Segment(self.world, filled.session, minute, self._path(filled, minute))

    def total_variance(
        self, number: int, chosen: NDArray[np.int64], expiries: tuple[expectations.Expiry, ...]
    ) -> Floats:
        """Variance that options expect from minutes' starts to expiries, (minutes, expiries, names)."""
        filled = self.session_minutes(number)
        known = expectations.states(self.world, self.mix.components, self.courses, number, filled.components)
        by_component = [
            expectations.total_variance(self.world, component, one, number, made, state, chosen, expiries)
            for component, one, made, state in zip(
                self.mix.components, self.courses, filled.components, known, strict=True
            )
        ]
        return grid.mixed(np.stack(by_component, axis=-1), self.mix.places, self.mix.loadings**2)

    def stress(self, number: int) -> Floats:
        """How stressed each name is in a session: 0 at its usual variance or below, 1 at three times its volatility."""
        variance = grid.mixed(
            np.array([one.variance[number] for one in self.courses]), self.mix.places, self.mix.loadings**2
        )
        usual = (self.mix.loadings**2).sum(axis=1) / sessions_a_year(self.world.hours)
        return np.asarray(np.clip(np.log(variance / usual) / np.log(WORST**2), 0.0, 1.0))

    def _path(self, filled: Filled, minute: int) -> grid.Path:
        lead = flows.LEAD * self.world.edge
        numbers = [self._grid_numbers(component.key, filled.session, minute) for component in self.mix.components]
        free = np.stack(numbers, axis=-1)
        diffusion, flow, flow_end, flow_sum, deviation, jump, drift = (
            np.array([getattr(made, field)[0, minute + later] for made in filled.components]) for field, later in _READ
        )
        shocks, flow_path = grid.component_steps(free[0], free[1], diffusion, flow, flow_end, flow_sum)
        step = deviation / np.sqrt(STEPS)
        moves = step * (flows.diffusion(lead) * shocks + lead * flow_path) + drift / STEPS
        for place in np.flatnonzero(jump):
            moves[self._jump_step(self.courses[place], filled.session, minute), place] += jump[place]
        places, loadings = self.mix.places, self.mix.loadings
        name_moves = grid.mixed(moves, places, loadings) + filled.moves.drift[minute] / STEPS
        for name in np.flatnonzero(filled.moves.jump[minute]):
            step_of_jump = min(int(filled.moves.jump_share[minute, name] * STEPS), STEPS - 1)
            name_moves[step_of_jump, name] += filled.moves.jump[minute, name]
        so_far = np.concatenate([np.zeros((1, len(self.symbols))), np.cumsum(name_moves, axis=0)[:-1]])
        name_step = filled.deviation[minute] / np.sqrt(STEPS)
        decoy = np.stack([self._decoy_numbers(symbol, filled.session, minute) for symbol in self.symbols], axis=-1)
        return grid.Path(
            log_price=filled.log_price[minute] + so_far,
            pressure=grid.mixed(step * flow_path, places, loadings) / name_step,
            decoy=grid.decoy_steps(decoy, filled.decoy[minute], filled.decoy[minute + 1]),
            habit=grid.between(filled.habit[minute], filled.habit[minute + 1]),
            shock=grid.mixed(step * shocks, places, loadings) / name_step,
            step_deviation=name_step,
            step_drift=(self._mixed([made.drift[0] for made in filled.components])[minute] + filled.moves.drift[minute])
            / STEPS,
        )

    def _mixed(self, by_component: list[Floats]) -> Floats:
        return grid.mixed(np.stack(by_component, axis=-1), self.mix.places, self.mix.loadings)

    def _deviation(self, by_component: list[Floats]) -> Floats:
        squares = np.stack(by_component, axis=-1) ** 2
        return np.sqrt(grid.mixed(squares, self.mix.places, self.mix.loadings**2))

    def _name_minutes(self, session: Session) -> tuple[Floats, Floats]:
        """Decoy and habit of each name at the minutes' starts and the close."""
        count = session.minutes + 1
        drawn = np.stack(
            [
                generator(self.world.seed, Stream.NAME_MINUTES, number_of(symbol), session.number).standard_normal(
                    (1 + len(HABIT_HALF_LIVES), count)
                )
                for symbol in self.symbols
            ],
            axis=-1,
        )
        habit = np.zeros(drawn.shape[1:])
        for weight, keep, normals in zip(_HABIT_WEIGHTS, _HABIT_KEEP, drawn[1:], strict=True):
            gained = np.sqrt(1 - keep**2) * normals
            gained[0] = normals[0]
            habit += weight * lfilter([1.0], [1.0, -keep], gained, axis=0)
        return drawn[0], habit

    def _grid_numbers(self, key: str, session: Session, minute: int) -> Floats:
        return generator(self.world.seed, Stream.GRID, number_of(key), session.number, minute).standard_normal(
            (2, STEPS)
        )

    def _decoy_numbers(self, symbol: str, session: Session, minute: int) -> Floats:
        address = (number_of(symbol), session.number, minute)
        return generator(self.world.seed, Stream.NAME_GRID, *address).standard_normal(STEPS)

    def _jump_step(self, one: Course, session: Session, minute: int) -> int:
        """The step of the minute at which the session's jump happens."""
        ends = elapsed(np.array([minute, minute + 1]) / session.minutes)
        share = (one.jump_share[session.number] - ends[0]) / (ends[1] - ends[0])
        return int(np.clip(share * STEPS, 0, STEPS - 1))


_READ: Final = (
    ("diffusion", 0), ("flow", 0), ("flow", 1), ("flow_sum", 0), ("deviation", 0), ("jump", 0), ("drift", 0),
)  # fmt: skip
"""What the grid of a minute takes from its component's session, and how many minutes later it stands there."""
