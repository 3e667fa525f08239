DROP TABLE "rate_curves";
DROP TABLE "macro_releases";
DROP TABLE "splits";
DROP TABLE "dividends";
DROP TABLE "filings";
DROP TABLE "earnings";
DROP TABLE "news";
