"""Frozen artefacts: a trained model as a small JSON file with its provenance and its test metrics.

Never a pickle: an artefact is data, so that reading one cannot run code and a person can read it. `version` is the hash
of everything else in the file; an edited or half-written artefact is refused at loading.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from contracts.errors import StateError
from contracts.ids import make_id

Probability = Annotated[float, Meta(ge=0.0, le=1.0)]
SIMULATED_PREFIX: Final = "sim-"
"""A model trained on simulated data says so in its version, and with it in the lineage of every signal."""
HASH_LENGTH: Final = 16


class Frozen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the artefact's parts."""


class TrainedOn(Frozen, frozen=True, kw_only=True):
    """Where the rows came from. Times are microseconds since the epoch, UTC; `until` is the last row's."""

    description: str
    simulated: bool
    sources: tuple[str, ...]
    symbols: tuple[str, ...]
    since: int
    until: int
    train_rows: int
    calibrate_rows: int
    tied_rows: int
    """Rows left out because the mid was the same at the horizon."""


class Bin(Frozen, frozen=True, kw_only=True):
    """One bin of the reliability table."""

    rows: int
    mean_probability: Probability
    observed_rate: Probability


class Scores(Frozen, frozen=True, kw_only=True):
    """How good some probabilities are; log score in nats."""

    auc: Probability
    brier: Probability
    log_score: float


class Metrics(Frozen, frozen=True, kw_only=True):
    """On the test part, which neither the fit nor the calibration has seen.

    `attainable` scores the simulator's own conditional probabilities on the same rows: no model that reads only the
    market can do better, up to sampling error and what rounds the mid. `indifferent` scores one half throughout.
    """

    rows: int
    independent_rows: int
    """Rows a horizon or more apart, summed over symbols: what sampling errors should be computed from."""
    base_rate: Probability
    tie_rate: Probability
    model: Scores
    indifferent: Scores
    attainable: Scores | None
    expected_calibration_error: Probability
    reliability: tuple[Bin, ...]


class Artefact(Frozen, frozen=True, kw_only=True):
    """A logistic regression: P(up) = sigmoid(calibration · Σ weight · feature / scale).

    `calibration` is the slope of Platt's map, fitted on later data than the weights: below one it takes confidence
    back that the fit had too much of. There is no intercept anywhere (see `models.short_term.logistic`).
    """

    model: str
    version: str = ""
    horizon_s: Annotated[int, Meta(gt=0)]
    features: tuple[str, ...]
    scales: tuple[Annotated[float, Meta(gt=0.0)], ...]
    weights: tuple[float, ...]
    calibration: float
    trained_on: TrainedOn
    metrics: Metrics


def seal(artefact: Artefact) -> Artefact:
    """The artefact with the version that its content determines."""
    return msgspec.structs.replace(artefact, version=_version(artefact))


def dump(artefact: Artefact) -> bytes:
    """The file's bytes: the same artefact always gives the same ones."""
    return msgspec.json.format(msgspec.json.encode(artefact), indent=2) + b"\n"


def load(data: bytes, *, where: str, features: tuple[str, ...]) -> Artefact:
    """The artefact in a file, or `StateError` if it is damaged or made for other features than the code computes."""
    remedy = "Train it again with `python -m models.train_all`, or restore the shipped file"
    try:
        artefact = msgspec.json.decode(data, type=Artefact)
    except msgspec.MsgspecError as error:
        raise StateError(f"{where} is not a model artefact: {error}. {remedy}") from error
    if artefact.version != _version(artefact):
        raise StateError(f"{where} was changed after training: its version does not match its content. {remedy}")
    if artefact.features != features:
        raise StateError(f"{where} was trained on the features {', '.join(artefact.features)}. {remedy}")
    if not len(features) == len(artefact.scales) == len(artefact.weights):
        raise StateError(f"{where} has not one scale and one weight for each feature. {remedy}")
    return artefact


def _version(artefact: Artefact) -> str:
    content = msgspec.json.encode(msgspec.structs.replace(artefact, version=""))
    prefix = SIMULATED_PREFIX if artefact.trained_on.simulated else ""
    return prefix + make_id(content.decode())[:HASH_LENGTH]
