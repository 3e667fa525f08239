DO $$
BEGIN
IF ':partitioning' <> '' THEN
    DROP VIEW "microstructure_minutes";
    DROP TABLE "microstructure_minutes_parts";
    DROP VIEW "quote_minutes";
    DROP TABLE "quote_minutes_parts";
    DROP VIEW "greeks_minutes";
    DROP TABLE "greeks_minutes_parts";
ELSE
    DROP MATERIALIZED VIEW IF EXISTS "microstructure_minutes";
    DROP MATERIALIZED VIEW IF EXISTS "quote_minutes";
    DROP MATERIALIZED VIEW IF EXISTS "greeks_minutes";
END IF;
END $$;
