CREATE TABLE "option_quotes" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "contract" text COLLATE "C" NOT NULL,
    "underlying" text COLLATE "C" NOT NULL,
    "expires_at" timestamp with time zone NOT NULL,
    "strike" double precision NOT NULL,
    "right" text COLLATE "C" NOT NULL,
    "style" text COLLATE "C" NOT NULL,
    "multiplier" bigint NOT NULL,
    "bid" double precision NOT NULL,
    "ask" double precision NOT NULL,
    "bid_size" bigint NOT NULL,
    "ask_size" bigint NOT NULL,
    "underlying_price" double precision NOT NULL,
    "underlying_time" timestamp with time zone NOT NULL,
    "rate" double precision NOT NULL,
    "dividend_yield" double precision NOT NULL,
    "sequence" bigint NOT NULL,
    PRIMARY KEY ("event_time", "event_id")
) :partitioning;

CREATE TABLE "quotes" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "bid" double precision NOT NULL,
    "ask" double precision NOT NULL,
    "bid_size" bigint NOT NULL,
    "ask_size" bigint NOT NULL,
    "sequence" bigint NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "quotes_symbol_event_time" ON "quotes" ("symbol", "event_time");

CREATE TABLE "trades" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "price" double precision NOT NULL,
    "size" bigint NOT NULL,
    "side" smallint NOT NULL,
    "sequence" bigint NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "trades_symbol_event_time" ON "trades" ("symbol", "event_time");

CREATE TABLE "books" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "bid_prices" double precision[] NOT NULL,
    "bid_sizes" bigint[] NOT NULL,
    "ask_prices" double precision[] NOT NULL,
    "ask_sizes" bigint[] NOT NULL,
    "sequence" bigint NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;

CREATE TABLE "rejected_records" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "topic" text COLLATE "C" NOT NULL,
    "partition" bigint NOT NULL,
    "offset" bigint NOT NULL,
    "reason" text COLLATE "C" NOT NULL,
    "explanation" text COLLATE "C" NOT NULL,
    "record" text COLLATE "C" NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "rejected_records_event_time" ON "rejected_records" ("event_time");

CREATE TABLE "greeks" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "quote_id" uuid NOT NULL,
    "contract" text COLLATE "C" NOT NULL,
    "underlying" text COLLATE "C" NOT NULL,
    "expires_at" timestamp with time zone NOT NULL,
    "strike" double precision NOT NULL,
    "right" text COLLATE "C" NOT NULL,
    "method" text COLLATE "C" NOT NULL,
    "reason" text COLLATE "C" NOT NULL,
    "bid" double precision NOT NULL,
    "ask" double precision NOT NULL,
    "underlying_price" double precision NOT NULL,
    "underlying_time" timestamp with time zone NOT NULL,
    "price" double precision,
    "implied_vol" double precision,
    "delta" double precision,
    "gamma" double precision,
    "vega" double precision,
    "theta" double precision,
    "rho" double precision,
    PRIMARY KEY ("event_time", "event_id")
) :partitioning;
CREATE INDEX "greeks_underlying_contract_event_time" ON "greeks" ("underlying", "contract", "event_time");

CREATE TABLE "microstructure" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "book_id" uuid NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "mid" double precision NOT NULL,
    "microprice" double precision NOT NULL,
    "spread" double precision NOT NULL,
    "imbalance_1" double precision NOT NULL,
    "imbalance_3" double precision NOT NULL,
    "imbalance_5" double precision NOT NULL,
    "imbalance_10" double precision NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;

CREATE TABLE "bars" (
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
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "bars_symbol_event_time" ON "bars" ("symbol", "event_time");

CREATE TABLE "predictions" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "horizon_s" bigint NOT NULL,
    "model" text COLLATE "C" NOT NULL,
    "model_version" text COLLATE "C" NOT NULL,
    "probability_up" double precision NOT NULL,
    "mid" double precision NOT NULL,
    "microstructure_id" uuid NOT NULL,
    "book_id" uuid NOT NULL,
    "bar_ids" uuid[] NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;

CREATE TABLE "signals" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "action" text COLLATE "C" NOT NULL,
    "confidence" double precision NOT NULL,
    "horizon_s" bigint NOT NULL,
    "reference_price" double precision NOT NULL,
    "reason" text COLLATE "C" NOT NULL,
    "lineage" jsonb NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "signals_event_time" ON "signals" ("event_time");
CREATE INDEX "signals_symbol_event_time" ON "signals" ("symbol", "event_time");

CREATE TABLE "withheld_signals" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "reason" text COLLATE "C" NOT NULL,
    "explanation" text COLLATE "C" NOT NULL,
    "prediction_id" uuid NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "withheld_signals_event_time" ON "withheld_signals" ("event_time");

CREATE TABLE "truth" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "horizon_s" bigint NOT NULL,
    "flow" double precision NOT NULL,
    "volatility" double precision NOT NULL,
    "expected_return" double precision NOT NULL,
    "probability_up" double precision NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "truth_symbol_event_time" ON "truth" ("symbol", "event_time");

CREATE TABLE "signal_stage_times" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "stages" jsonb NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;

CREATE TABLE "kafka_offsets" (
    "topic" text COLLATE "C" NOT NULL,
    "partition" integer NOT NULL,
    "next_offset" bigint NOT NULL,
    PRIMARY KEY ("topic", "partition")
) WITH (fillfactor = 50);
