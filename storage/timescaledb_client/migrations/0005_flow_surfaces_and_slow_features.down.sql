DROP TABLE "macro_features";
DROP TABLE "news_features";
DROP TABLE "fundamentals";
DROP TABLE "open_interest";
DROP TABLE "surfaces";
DROP TABLE "option_flow";
DROP TABLE "flow";
DROP TABLE "option_trades";
