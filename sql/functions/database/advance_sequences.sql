CREATE OR REPLACE FUNCTION o365_internal.advance_sequences() RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_sequence record;
    v_last bigint;
    v_used bigint;
    v_advanced integer := 0;
BEGIN
    FOR v_sequence IN
        SELECT d.objid::regclass AS name,
               array_agg(format('SELECT max(%I) FROM %s', a.attname, a.attrelid::regclass)) AS users
          FROM pg_depend AS d JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
          JOIN pg_class AS c ON c.oid = d.objid AND c.relkind = 'S' AND c.relnamespace = 'o365_internal'::regnamespace
         WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i'
         GROUP BY d.objid
        UNION ALL
        SELECT 'o365_internal.card_id'::regclass,
            -- A card's position is the same number, except for cards that were scheduled. It needs no index, because
            -- this is rare.
            ARRAY['SELECT greatest(max(card_id), max(position)) FROM o365_internal.outbox',
            'SELECT max(card_id) FROM o365_internal.scheduled',
            'SELECT max(card_id) FROM o365_internal.delivery', 'SELECT max(card_id) FROM o365_internal.attempt',
            'SELECT max(cursor) FROM o365_internal.lane']
        UNION ALL
        SELECT 'o365_internal.event_id'::regclass, ARRAY['SELECT max(event_id) FROM o365_internal.event']
    LOOP
        -- (!) In this order, and only sequences that are behind: applications draw values meanwhile, which must not be
        -- returned again.
        EXECUTE format('SELECT max(u) FROM (%s) AS x (u)', array_to_string(v_sequence.users, ' UNION ALL '))
            INTO v_used;
        EXECUTE format('SELECT last_value FROM %s', v_sequence.name) INTO v_last;
        IF v_used > v_last THEN
            PERFORM setval(v_sequence.name, v_used);
            v_advanced := v_advanced + 1;
        END IF;
    END LOOP;
    RETURN v_advanced;
END $$;
COMMENT ON FUNCTION o365_internal.advance_sequences() IS
    'Sets sequences that are behind what the tables hold (logical replication copies none) to the largest value in '
    'use; returns how many those were.';
