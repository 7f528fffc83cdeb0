-- Every table says which columns identify a row, so that a publication FOR ALL TABLES (Debezium, blue/green upgrades) does not make UPDATE and
-- DELETE fail. Short locks. The identity is written to the WAL only where wal_level = logical.

ALTER TABLE o365_internal.lane REPLICA IDENTITY USING INDEX lane_key;
-- The history has no key and is hardly ever updated; the tables turn_to_... hold no row.
DO $$
DECLARE
    v_table regclass;
BEGIN
    FOR v_table IN SELECT c.oid FROM pg_catalog.pg_class AS c
                    WHERE c.relnamespace = 'o365_internal'::regnamespace AND c.relkind IN ('r', 'p') AND c.relreplident = 'd'
                      AND c.relname !~ '^sandbox_'
                      AND NOT EXISTS (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary)
    LOOP
        EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', v_table);
    END LOOP;
END $$;
