-- Trades and open interest of options; flow, surfaces and slow features.

CREATE TABLE "option_trades" (
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
    "multiplier" bigint NOT NULL,
    "price" double precision NOT NULL,
    "size" bigint NOT NULL,
    "bid" double precision NOT NULL,
    "ask" double precision NOT NULL,
    "sequence" bigint NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "option_trades_underlying_event_time" ON "option_trades" ("underlying", "event_time");

CREATE TABLE "flow" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "trade_id" uuid NOT NULL,
    "values" jsonb NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "flow_symbol_event_time" ON "flow" ("symbol", "event_time");

CREATE TABLE "option_flow" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "trade_id" uuid NOT NULL,
    "contract" text COLLATE "C" NOT NULL,
    "underlying" text COLLATE "C" NOT NULL,
    "values" jsonb NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "option_flow_underlying_event_time" ON "option_flow" ("underlying", "event_time");

CREATE TABLE "surfaces" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "underlying" text COLLATE "C" NOT NULL,
    "underlying_price" double precision NOT NULL,
    "underlying_time" timestamp with time zone NOT NULL,
    "quotes_id" uuid NOT NULL,
    "contracts" bigint NOT NULL,
    "expiries" jsonb NOT NULL,
    "values" jsonb NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "surfaces_underlying_event_time" ON "surfaces" ("underlying", "event_time");

CREATE TABLE "open_interest" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "contract" text COLLATE "C" NOT NULL,
    "underlying" text COLLATE "C" NOT NULL,
    "open_interest" bigint NOT NULL,
    "volume" bigint NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
);
CREATE INDEX "open_interest_underlying_event_time" ON "open_interest" ("underlying", "event_time");

CREATE TABLE "fundamentals" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "made_of" uuid NOT NULL,
    "values" jsonb NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
);
CREATE INDEX "fundamentals_symbol_event_time" ON "fundamentals" ("symbol", "event_time");

CREATE TABLE "news_features" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "made_of" uuid NOT NULL,
    "values" jsonb NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
);
CREATE INDEX "news_features_symbol_event_time" ON "news_features" ("symbol", "event_time");

CREATE TABLE "macro_features" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "made_of" uuid NOT NULL,
    "values" jsonb NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
);
CREATE INDEX "macro_features_event_time" ON "macro_features" ("event_time");
