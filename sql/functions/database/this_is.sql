CREATE OR REPLACE FUNCTION o365.this_is(environment text, reason text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_this o365_internal.known_database := o365_internal.this_database();
    v_copied boolean := o365_internal.copied() IS NOT NULL;
    v_waiting bigint;
BEGIN
    -- Transaction ids prove nothing here: those in the tables may come from another history, and this one may have
    -- passed them.
    IF v_copied THEN
        INSERT INTO o365_internal.feeding_again (always) VALUES (true);
    END IF;
    -- This comes before any worker runs: an application that sends earlier would draw numbers that cards have had.
    PERFORM o365_internal.advance_sequences();
    PERFORM o365.set('environment', environment, reason);
    INSERT INTO o365_internal.known_database AS k SELECT (v_this).*
        ON CONFLICT ON CONSTRAINT known_database_pkey DO UPDATE
           SET cluster = excluded.cluster, database = excluded.database, name = excluded.name, tables = excluded.tables,
               told_at = excluded.told_at;
    v_waiting := (SELECT count(*) FROM (SELECT FROM o365_internal.outbox LIMIT 1000) AS o);
    IF v_waiting > 0 THEN
        RAISE NOTICE '%', format('%s here. Workers of environment %s send them within 5 s after you commit.',
            CASE WHEN v_waiting = 1000 THEN '1000 cards or more wait'
                 ELSE o365_internal.plural(v_waiting, 'card waits', 'cards wait') END, environment);
    END IF;
    RETURN environment;
END $$;
COMMENT ON FUNCTION o365.this_is(text, text) IS
    'Says what this database is: production, staging, development or a name of your own. Sets the setting environment '
    'and returns it. A database that is a copy (a restored dump, CREATE DATABASE ... TEMPLATE) sends nothing until '
    'this is called in it; from then on workers that are configured for the same environment send, also the cards that '
    'were copied. Sequences that are behind their tables (logical replication copies none) are advanced, so call it '
    'before applications send there. reason: shown in o365.events where the setting changes. Error: '
    'invalid_parameter_value.';
