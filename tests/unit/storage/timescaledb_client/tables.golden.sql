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
    "vanna" double precision,
    "volga" double precision,
    "charm" double precision,
    "relative_spread" double precision,
    "size_imbalance" double precision,
    "underlying_age_s" double precision,
    "units" text COLLATE "C",
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
    "bid_slope" double precision,
    "ask_slope" double precision,
    "pressure" double precision,
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
    "signed_volume" bigint,
    "realised_variance" double precision,
    PRIMARY KEY ("event_id", "event_time")
) :partitioning;
CREATE INDEX "bars_symbol_event_time" ON "bars" ("symbol", "event_time");

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
);
CREATE INDEX "news_symbol_event_time" ON "news" ("symbol", "event_time");

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
);
CREATE INDEX "earnings_symbol_event_time" ON "earnings" ("symbol", "event_time");

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
);
CREATE INDEX "filings_symbol_event_time" ON "filings" ("symbol", "event_time");

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
);
CREATE INDEX "dividends_symbol_event_time" ON "dividends" ("symbol", "event_time");

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
);
CREATE INDEX "splits_symbol_event_time" ON "splits" ("symbol", "event_time");

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
);
CREATE INDEX "macro_releases_indicator_event_time" ON "macro_releases" ("indicator", "event_time");

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
);
CREATE INDEX "rate_curves_event_time" ON "rate_curves" ("event_time");

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
