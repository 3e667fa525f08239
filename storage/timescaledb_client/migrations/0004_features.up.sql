-- Second-order Greeks and liquidity, what bars say, and corrections of bars.

ALTER TABLE "greeks"
    ADD COLUMN "vanna" double precision,
    ADD COLUMN "volga" double precision,
    ADD COLUMN "charm" double precision,
    ADD COLUMN "relative_spread" double precision,
    ADD COLUMN "size_imbalance" double precision,
    ADD COLUMN "underlying_age_s" double precision,
    ADD COLUMN "units" text COLLATE "C";

ALTER TABLE "microstructure"
    ADD COLUMN "bid_slope" double precision,
    ADD COLUMN "ask_slope" double precision,
    ADD COLUMN "pressure" double precision;

ALTER TABLE "bars"
    ADD COLUMN "signed_volume" bigint,
    ADD COLUMN "realised_variance" double precision;

CREATE TABLE "bar_corrections" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "interval_s" bigint NOT NULL,
    "opened_at" timestamp with time zone NOT NULL,
    "open" double precision NOT NULL,
    "high" double precision NOT NULL,
    "low" double precision NOT NULL,
    "close" double precision NOT NULL,
    "volume" bigint NOT NULL,
    "vwap" double precision NOT NULL,
    "trade_count" bigint NOT NULL,
    "signed_volume" bigint,
    "realised_variance" double precision,
    "bar_id" uuid NOT NULL,
    "revision" bigint NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "bar_corrections_symbol_event_time" ON "bar_corrections" ("symbol", "event_time");

CREATE TABLE "indicators" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "bar_id" uuid NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "interval_s" bigint NOT NULL,
    "values" jsonb NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "indicators_symbol_event_time" ON "indicators" ("symbol", "event_time");
