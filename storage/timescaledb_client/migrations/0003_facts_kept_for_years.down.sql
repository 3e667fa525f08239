-- Back to one partition an hour, made for the rows that are there; TimescaleDB makes its chunks by itself.

CREATE TEMPORARY TABLE "news_kept" ON COMMIT DROP AS SELECT * FROM "news";
DROP TABLE "news";
CREATE TABLE "news" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "category" text COLLATE "C" NOT NULL,
    "headline" text COLLATE "C" NOT NULL,
    "publisher" text COLLATE "C" NOT NULL,
    "sentiment" double precision,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "news_symbol_event_time" ON "news" ("symbol", "event_time");

CREATE TEMPORARY TABLE "earnings_kept" ON COMMIT DROP AS SELECT * FROM "earnings";
DROP TABLE "earnings";
CREATE TABLE "earnings" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "period_ended_at" timestamp with time zone NOT NULL,
    "timing" text COLLATE "C" NOT NULL,
    "eps_expected" double precision NOT NULL,
    "eps_actual" double precision NOT NULL,
    "revenue_expected" double precision NOT NULL,
    "revenue_actual" double precision NOT NULL,
    "surprise" double precision NOT NULL,
    "next_at" timestamp with time zone NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "earnings_symbol_event_time" ON "earnings" ("symbol", "event_time");

CREATE TEMPORARY TABLE "filings_kept" ON COMMIT DROP AS SELECT * FROM "filings";
DROP TABLE "filings";
CREATE TABLE "filings" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "form" text COLLATE "C" NOT NULL,
    "period_ended_at" timestamp with time zone NOT NULL,
    "revision" bigint NOT NULL,
    "revenue" double precision NOT NULL,
    "net_income" double precision NOT NULL,
    "operating_cash_flow" double precision NOT NULL,
    "assets" double precision NOT NULL,
    "liabilities" double precision NOT NULL,
    "equity" double precision NOT NULL,
    "shares_outstanding" bigint NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "filings_symbol_event_time" ON "filings" ("symbol", "event_time");

CREATE TEMPORARY TABLE "dividends_kept" ON COMMIT DROP AS SELECT * FROM "dividends";
DROP TABLE "dividends";
CREATE TABLE "dividends" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "amount" double precision NOT NULL,
    "special" boolean NOT NULL,
    "ex_at" timestamp with time zone NOT NULL,
    "paid_at" timestamp with time zone NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "dividends_symbol_event_time" ON "dividends" ("symbol", "event_time");

CREATE TEMPORARY TABLE "splits_kept" ON COMMIT DROP AS SELECT * FROM "splits";
DROP TABLE "splits";
CREATE TABLE "splits" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "symbol" text COLLATE "C" NOT NULL,
    "new_shares" bigint NOT NULL,
    "old_shares" bigint NOT NULL,
    "effective_at" timestamp with time zone NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "splits_symbol_event_time" ON "splits" ("symbol", "event_time");

CREATE TEMPORARY TABLE "macro_releases_kept" ON COMMIT DROP AS SELECT * FROM "macro_releases";
DROP TABLE "macro_releases";
CREATE TABLE "macro_releases" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "indicator" text COLLATE "C" NOT NULL,
    "unit" text COLLATE "C" NOT NULL,
    "period_ended_at" timestamp with time zone NOT NULL,
    "revision" bigint NOT NULL,
    "actual" double precision NOT NULL,
    "previous" double precision NOT NULL,
    "consensus" double precision,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "macro_releases_indicator_event_time" ON "macro_releases" ("indicator", "event_time");

CREATE TEMPORARY TABLE "rate_curves_kept" ON COMMIT DROP AS SELECT * FROM "rate_curves";
DROP TABLE "rate_curves";
CREATE TABLE "rate_curves" (
    "event_id" uuid NOT NULL,
    "event_time" timestamp with time zone NOT NULL,
    "source" text COLLATE "C" NOT NULL,
    "simulated" boolean NOT NULL,
    "schema_version" smallint NOT NULL,
    "curve" text COLLATE "C" NOT NULL,
    "tenors_days" bigint[] NOT NULL,
    "rates" double precision[] NOT NULL,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "rate_curves_event_time" ON "rate_curves" ("event_time");

DO $$
DECLARE
    name text;
    begins timestamptz;
BEGIN
    FOREACH name IN ARRAY ARRAY['news', 'earnings', 'filings', 'dividends', 'splits', 'macro_releases', 'rate_curves'] LOOP
        IF EXISTS (SELECT 1 FROM pg_partitioned_table WHERE partrelid = name::regclass) THEN
            FOR begins IN EXECUTE format('SELECT DISTINCT date_trunc(''hour'', event_time) FROM %I', name || '_kept') LOOP
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    name || '_' || to_char(begins, 'YYYYMMDDHH24'), name, begins, begins + interval '1 hour'
                );
            END LOOP;
        END IF;
        EXECUTE format('INSERT INTO %I SELECT * FROM %I', name, name || '_kept');
    END LOOP;
END $$;
