-- Minutes of each name. TimescaleDB keeps them by itself, in continuous aggregates that the writer asks it for; on a
-- plain server the writer adds to the tables of parts.

DO $$
BEGIN
IF ':partitioning' <> '' THEN

    CREATE TABLE "greeks_minutes_parts" (
        "minute" timestamp with time zone,
        "underlying" text COLLATE "C",
        "simulated" boolean NOT NULL,
        "quotes" bigint NOT NULL,
        "priced" bigint NOT NULL,
        "implied_vol_sum" double precision NOT NULL,
        "implied_vol_count" bigint NOT NULL,
        "relative_spread_sum" double precision NOT NULL,
        "relative_spread_count" bigint NOT NULL,
        PRIMARY KEY ("minute", "underlying")
    ) WITH (fillfactor = 50);
    CREATE VIEW "greeks_minutes" AS SELECT
        "minute",
        "underlying",
        "simulated",
        "quotes",
        "priced",
        "implied_vol_sum" / nullif("implied_vol_count", 0) AS "implied_vol",
        "relative_spread_sum" / nullif("relative_spread_count", 0) AS "relative_spread"
    FROM "greeks_minutes_parts";

    CREATE TABLE "quote_minutes_parts" (
        "minute" timestamp with time zone,
        "symbol" text COLLATE "C",
        "simulated" boolean NOT NULL,
        "quotes" bigint NOT NULL,
        "mid_sum" double precision NOT NULL,
        "mid_count" bigint NOT NULL,
        "spread_sum" double precision NOT NULL,
        "spread_count" bigint NOT NULL,
        PRIMARY KEY ("minute", "symbol")
    ) WITH (fillfactor = 50);
    CREATE VIEW "quote_minutes" AS SELECT
        "minute",
        "symbol",
        "simulated",
        "quotes",
        "mid_sum" / nullif("mid_count", 0) AS "mid",
        "spread_sum" / nullif("spread_count", 0) AS "spread"
    FROM "quote_minutes_parts";

    CREATE TABLE "microstructure_minutes_parts" (
        "minute" timestamp with time zone,
        "symbol" text COLLATE "C",
        "simulated" boolean NOT NULL,
        "books" bigint NOT NULL,
        "mid_sum" double precision NOT NULL,
        "mid_count" bigint NOT NULL,
        "mid_low" double precision NOT NULL,
        "mid_high" double precision NOT NULL,
        "spread_sum" double precision NOT NULL,
        "spread_count" bigint NOT NULL,
        "imbalance_1_sum" double precision NOT NULL,
        "imbalance_1_count" bigint NOT NULL,
        "pressure_sum" double precision NOT NULL,
        "pressure_count" bigint NOT NULL,
        PRIMARY KEY ("minute", "symbol")
    ) WITH (fillfactor = 50);
    CREATE VIEW "microstructure_minutes" AS SELECT
        "minute",
        "symbol",
        "simulated",
        "books",
        "mid_sum" / nullif("mid_count", 0) AS "mid",
        "mid_low",
        "mid_high",
        "spread_sum" / nullif("spread_count", 0) AS "spread",
        "imbalance_1_sum" / nullif("imbalance_1_count", 0) AS "imbalance_1",
        "pressure_sum" / nullif("pressure_count", 0) AS "pressure"
    FROM "microstructure_minutes_parts";

END IF;
END $$;
