"""Every setting of the system, frozen, with its meaning, unit and reason. Read once, by `load_settings`.

One file a section: `config/<section>_config.yaml`, all optional. An unknown key, a wrong type or a missing secret stops
the start with file, key and remedy. Secrets never stand in a file of ours: they come from the environment variable
NAME, or from the file that NAME_FILE names.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import yaml
from msgspec import Meta, Struct, field

from contracts.errors import ConfigError

REPOSITORY: Final = Path(__file__).resolve().parent.parent
Port = Annotated[int, Meta(ge=1, le=65_535)]
Positive = Annotated[float, Meta(gt=0)]
Whole = Annotated[int, Meta(gt=0)]
Unit = Annotated[float, Meta(ge=0, le=1)]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all sections: frozen, and an unknown key is an error."""


class Faults(Section, frozen=True):
    """What goes wrong in the simulated market, to see how everything downstream takes it; nothing unless asked for."""

    stale: Unit = 0.0
    """Share of events with an old time, or priced against an old underlying; the shares add up to 1 at most."""
    crossed: Unit = 0.0
    """Share with the bid above the ask."""
    locked: Unit = 0.0
    """Share with the bid at the ask."""
    duplicated: Unit = 0.0
    """Share delivered twice."""
    late: Unit = 0.0
    """Share delivered five seconds late."""
    out_of_order: Unit = 0.0
    """Share delivered after the next of their stream."""
    gapped: Unit = 0.0
    """Share not delivered."""
    not_a_number: Unit = 0.0
    """Share with a price that is none."""
    absurd: Unit = 0.0
    """Share with a size beyond belief."""
    spiked: Unit = 0.0
    """Share with prices 15 % off."""
    halts_an_hour: Unit = 0.0
    """How often each symbol is halted, for five minutes."""
    outages_an_hour: Unit = 0.0
    """How often nothing at all comes, for a minute."""


class Simulator(Section, frozen=True):
    """The simulated market."""

    seed: int = 42
    """Same seed, hours and edge: the same market. With the same rates: the same bytes."""
    hours: Literal["always", "exchange"] = "always"
    """Open around the clock, or in the regular US sessions only."""
    edge: Unit = 1.0
    """How much of what the simulator lets be foreseen is there: at 0 nothing can be predicted."""
    option_quotes_per_s: Annotated[float, Meta(ge=0, le=50_000)] = 400.0
    """Across all contracts, on average over a session. The default leaves a laptop quiet; the system is measured at
    3,000."""
    books_per_s: Annotated[float, Meta(ge=0, le=100)] = 4.0
    """Order books a second and symbol, on average over a session."""
    trades_per_s: Annotated[float, Meta(ge=0, le=1_000)] = 2.0
    """Trades a second and symbol, on average over a session; more of them are smaller."""
    option_trades_per_s: Annotated[float, Meta(ge=0, le=2_000)] = 50.0
    """Option trades across all contracts, at most, on average over a session; fewer of them are larger."""
    resume_within_s: Positive = 900.0
    """A restart within this time resumes the run where it stopped; later, a new run starts now."""
    faults: Faults = field(default_factory=Faults)
    """None unless asked for."""


class Polygon(Section, frozen=True):
    """Polygon.io / Massive. The key comes from POLYGON_API_KEY or POLYGON_API_KEY_FILE."""

    rest_url: str = "https://api.polygon.io"
    """Chain snapshots. Massive's own host serves the same paths."""
    stocks_url: str = "wss://socket.polygon.io/stocks"
    """Quotes and trades of the underlyings; a delayed feed has another host."""
    options_url: str = "wss://socket.polygon.io/options"
    """Quotes and trades of the contracts."""
    symbols: tuple[str, ...] = ("AAPL", "MSFT", "SPY")
    """Underlyings whose stocks and option chains are followed."""
    chain_refresh_s: Positive = 60.0
    """How often the chain snapshot is read: it finds new contracts and covers those that do not quote."""
    silence_s: Positive = 30.0
    """No data for this long while connected means a silent feed: reconnect."""
    max_contracts: Annotated[int, Meta(ge=0, le=1_000)] = 1_000
    """Contracts followed live, nearest to the money first; the provider allows 1,000 a connection."""
    rate: Annotated[float, Meta(ge=-1, le=1)] = 0.04
    """Assumed for every expiry, continuous, per year; each option quote carries it. The provider has no rates."""
    dividend_yields: dict[str, Annotated[float, Meta(ge=-1, le=1)]] = field(default_factory=dict)
    """Assumed per underlying, continuous, per year; zero for those not named."""


class Api(Section, frozen=True):
    """`api_config.yaml`: where market data comes from."""

    source: Literal["simulator", "polygon"] = "simulator"
    simulator: Simulator = field(default_factory=Simulator)
    polygon: Polygon = field(default_factory=Polygon)


class Kafka(Section, frozen=True):
    """`kafka_config.yaml`. Without `bootstrap_servers` an embedded broker is started and used."""

    bootstrap_servers: str | None = None
    """Brokers to find the cluster by: `host:port`, several with commas."""
    client: dict[str, str | int | float | bool] = field(default_factory=dict)
    """Further librdkafka settings for every client, such as `security.protocol`; the password of
    `sasl.username` comes from KAFKA_PASSWORD or KAFKA_PASSWORD_FILE."""
    embedded_port: Port = 19_092
    """Of the embedded broker; another one is taken where this is in use."""


class Influxdb(Section, frozen=True):
    """InfluxDB 2, or what speaks its protocol, for the series that dashboards draw. Without `url` none are written."""

    url: str | None = None
    """Address of the server: `http://host:8086`. The token comes from INFLUXDB_TOKEN or INFLUXDB_TOKEN_FILE."""
    org: str = "optionsai"
    """Organisation that the bucket belongs to."""
    bucket: str = "optionsai"
    """Where the points go; it must exist, and its retention is the server's business."""
    flush_interval_s: Positive = 1.0
    """How long points are gathered for one request: nothing is drawn more finely than a second."""
    timeout_s: Positive = 10.0
    """A request that takes longer is offered again."""


class Database(Section, frozen=True):
    """`database_config.yaml`. Without `host` an embedded PostgreSQL is started and used."""

    host: str | None = None
    """Name or address of an outside PostgreSQL server."""
    port: Port = 5_432
    """Of the outside server."""
    name: str = "optionsai"
    """Database; it must exist on an outside server, and its tables are made at the first start."""
    user: str = "optionsai"
    """The password comes from DATABASE_PASSWORD or DATABASE_PASSWORD_FILE."""
    embedded_port: Port = 15_432
    """Of the embedded server; another one is taken where this is in use."""
    retention_hours: Whole = 6
    """Ticks and what is computed from them, until then; by the hour. At the default rate an hour takes about 0.8 GB of
    a laptop's disk."""
    facts_retention_days: Whole = 7_300
    """News, earnings, filings, dividends, splits, macro releases, rate curves, and bars of an hour and more with their
    indicators, until then: they are few, and what looks months ahead learns from years and decades of them."""
    minutes_retention_days: Whole = 90
    """Minutes of each name, summed up from ticks (`greeks_minutes` and its like), until then. Ten names take about 6 MB
    a day."""
    flush_interval_s: Positive = 0.2
    """How long the writer gathers rows for one transaction."""
    influxdb: Influxdb = field(default_factory=Influxdb)
    """Beside PostgreSQL, not instead of it."""


class Triggers(Section, frozen=True):
    """Milliseconds from one look of a query for new records to the next, if what it found is done by then."""

    names: Whole = 1_000
    """Bars, and the flow of trades."""
    chains: Whole = 2_500
    slow: Whole = 10_000


class Spark(Section, frozen=True):
    """`spark_config.yaml`: the streaming job."""

    master: str = "local[8]"
    """Real-time queries hold one slot a Kafka partition for life; the rest serves the micro-batches."""
    driver_memory: str = "1500m"
    """Heap of the driver, which with a local master does all the work."""
    checkpoint_interval_s: Annotated[int, Meta(ge=5)] = 300
    """Of the Real-time queries. Shorter repeats less after a crash, but each checkpoint stalls the flow for half a
    second, two on busy cores: at 300 s that stays below the 99th percentile."""
    bar_intervals_s: tuple[Whole, ...] = (1, 60, 300, 900, 3_600, 86_400, 604_800)
    """Lengths of bars. Seconds must be among them, for realised variance is made of them, and minutes, for the shipped
    model was trained on those. Changing them begins the bars anew: see 'A changed streaming query'."""
    lateness_ms: Whole = 1_000
    """How far an event may lie behind its symbol's latest and still count where it belongs. A trade that is later makes
    corrections of its bars; other features pass over what is later, and count it."""
    chain_interval_s: Whole = 5
    """Between two snapshots of an underlying's option chain."""
    sectors: dict[str, str] = field(default_factory=dict)
    """Name → its sector, such as `AAPL: technology`. One without a sector has no features of its sector's trend."""
    bars_after_s: Whole = 900
    """How long after the end of a day the bars of that day may come before its features are said without them."""
    trigger_ms: Triggers = field(default_factory=Triggers)
    """How often the queries with memory look for what is new."""
    start_timeout_s: Positive = 240.0
    """Seconds until all queries must be at work; past it the job is started again."""

    def __post_init__(self) -> None:
        """Refuse bars that others are made of being left out."""
        if not {1, 60} <= set(self.bar_intervals_s):
            raise ValueError("bar_intervals_s must hold 1 and 60")


class Engine(Section, frozen=True):
    """Decisions of the recommendation engine."""

    act_above: Unit = 0.55
    """Calibrated probability from which a direction becomes Buy or Sell."""
    release_below: Unit = 0.53
    """A standing Buy or Sell turns into Hold only below this: the gap stops flapping at the threshold."""
    refresh_s: Positive = 1.0
    """An unchanged recommendation is issued again after this much event time."""
    max_age_s: Positive = 5.0
    """A prediction whose order book is older than this when it arrives is withheld."""


class Model(Section, frozen=True):
    """`model_config.yaml`: which models score, and how the engine decides."""

    short_term_artefact: str = "models/short_term/artefacts/order_flow.json"
    """Relative to the repository."""
    engine: Engine = field(default_factory=Engine)


class Serving(Section, frozen=True):
    """`serving_config.yaml`: where people and programs look."""

    host: str = "127.0.0.1"
    """Loopback unless you decide otherwise: there is no log-in yet."""
    dash_port: Port = 8_050
    """The web application."""
    rest_port: Port = 8_000
    """`/health` and `/signals`."""
    grpc_port: Port = 8_051
    """Like all ports here below 32768: above, an outgoing connection may hold the port when a service restarts."""
    metrics_port: Port = 9_400
    """First of a row of metrics ports, one a service, in the order of `runtime.services`."""


class Settings(Struct, frozen=True, kw_only=True):
    """All sections, and the folders they apply to."""

    state_dir: Path
    config_dir: Path
    api: Api = field(default_factory=Api)
    kafka: Kafka = field(default_factory=Kafka)
    database: Database = field(default_factory=Database)
    spark: Spark = field(default_factory=Spark)
    model: Model = field(default_factory=Model)
    serving: Serving = field(default_factory=Serving)

    def identity(self) -> str:
        """Id of the settings that shape a signal; it is part of each signal's lineage."""
        shaping = [self.model, self.spark.bar_intervals_s, self.spark.lateness_ms]
        return hashlib.sha256(msgspec.json.encode(shaping, order="deterministic")).hexdigest()[:32]


SECTIONS: Final[dict[str, type[Section]]] = {
    "api": Api, "kafka": Kafka, "database": Database, "spark": Spark, "model": Model, "serving": Serving,
}  # fmt: skip


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from the YAML files of the configuration folder; folders come from the environment.

    OPTIONSAI_STATE_DIR (default `.state` of the repository) holds everything the system writes,
    OPTIONSAI_CONFIG_DIR (default `config` of the repository) holds the YAML files.
    """
    config_dir = Path(environment.get("OPTIONSAI_CONFIG_DIR", REPOSITORY / "config")).resolve()
    state_dir = Path(environment.get("OPTIONSAI_STATE_DIR", REPOSITORY / ".state")).resolve()
    known = {f"{name}_config.yaml" for name in SECTIONS}
    for path in sorted(config_dir.glob("*.yaml")) if config_dir.is_dir() else []:
        if path.name not in known and not path.name.endswith(".example.yaml"):
            raise ConfigError(str(path), "file name", "unknown settings file", f"Known are {', '.join(sorted(known))}")
    sections: dict[str, Any] = {
        name: _load(config_dir / f"{name}_config.yaml", kind) for name, kind in SECTIONS.items()
    }
    return Settings(state_dir=state_dir, config_dir=config_dir, **sections)


def secret(name: str, environment: Mapping[str, str], needed_for: str) -> str:
    """The secret NAME from the environment, or from the file that NAME_FILE names."""
    if file := environment.get(f"{name}_FILE"):
        try:
            return Path(file).read_text().strip()
        except OSError as error:
            raise ConfigError("environment", f"{name}_FILE", str(error), "Name a readable file") from error
    if value := environment.get(name):
        return value
    raise ConfigError(
        "environment", name, f"missing, needed for {needed_for}", f"Set {name}, or {name}_FILE to a file that holds it"
    )


def _load(path: Path, kind: type[Section]) -> Section:
    try:
        raw = yaml.safe_load(path.read_text()) if path.exists() else None
    except yaml.YAMLError as error:
        raise ConfigError(str(path), "syntax", " ".join(str(error).split()), "Correct the YAML") from error
    try:
        return msgspec.convert(raw or {}, kind)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        key = place.strip("`").removeprefix("$").lstrip(".") or "top level"
        example = path.name.replace(".yaml", ".example.yaml")
        raise ConfigError(str(path), key, problem, f"Every key is explained in config/{example}") from error
