-- Bars of an hour and more, and what is made of them, are kept for years: each kind in a table of its own.

CREATE TABLE "long_bars" (
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
    PRIMARY KEY ("event_id", "event_time")
);
CREATE INDEX "long_bars_symbol_event_time" ON "long_bars" ("symbol", "event_time");
WITH "moved" AS (DELETE FROM "bars" WHERE "interval_s" >= 3600 RETURNING *)
INSERT INTO "long_bars" SELECT * FROM "moved";

CREATE TABLE "long_bar_corrections" (
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
);
CREATE INDEX "long_bar_corrections_symbol_event_time" ON "long_bar_corrections" ("symbol", "event_time");
WITH "moved" AS (DELETE FROM "bar_corrections" WHERE "interval_s" >= 3600 RETURNING *)
INSERT INTO "long_bar_corrections" SELECT * FROM "moved";

CREATE TABLE "long_indicators" (
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
);
CREATE INDEX "long_indicators_symbol_event_time" ON "long_indicators" ("symbol", "event_time");
WITH "moved" AS (DELETE FROM "indicators" WHERE "interval_s" >= 3600 RETURNING *)
INSERT INTO "long_indicators" SELECT * FROM "moved";
