-- Back among the others, as far as the hours reach that ticks are kept: older rows would be dropped at once.
-- On a plain server those are the hours with a partition; TimescaleDB makes its chunks by itself.

INSERT INTO "indicators" SELECT * FROM "long_indicators"
WHERE ':partitioning' = '' OR to_regclass('indicators_' || to_char("event_time" AT TIME ZONE 'UTC', 'YYYYMMDDHH24')) IS NOT NULL;
DROP TABLE "long_indicators";
INSERT INTO "bar_corrections" SELECT * FROM "long_bar_corrections"
WHERE ':partitioning' = '' OR to_regclass('bar_corrections_' || to_char("event_time" AT TIME ZONE 'UTC', 'YYYYMMDDHH24')) IS NOT NULL;
DROP TABLE "long_bar_corrections";
INSERT INTO "bars" SELECT * FROM "long_bars"
WHERE ':partitioning' = '' OR to_regclass('bars_' || to_char("event_time" AT TIME ZONE 'UTC', 'YYYYMMDDHH24')) IS NOT NULL;
DROP TABLE "long_bars";
