-- Which database this is: a copy sends nothing until it is told, and what was restored is handed to the lanes anew (lanes.sql).

CREATE OR REPLACE FUNCTION o365_internal.cluster_id() RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT c.system_identifier FROM pg_control_system() AS c);
EXCEPTION WHEN insufficient_privilege THEN
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.cluster_id() IS
    'System identifier of this cluster. Null where the server does not let the owner call pg_control_system(): then a dump that was restored into '
    'another cluster is noticed by its object ids or by lower transaction ids only.';

CREATE OR REPLACE FUNCTION o365_internal.this_database() RETURNS o365_internal.known_database
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_this o365_internal.known_database;
BEGIN
    SELECT true, o365_internal.cluster_id(), d.oid, d.datname,
           ARRAY['o365_internal.subscription'::regclass, 'o365_internal.lane'::regclass]::oid[], now()
      INTO v_this FROM pg_database AS d WHERE d.datname = current_database();
    RETURN v_this;
END $$;
COMMENT ON FUNCTION o365_internal.this_database() IS 'What known_database holds for the database of this session.';

CREATE OR REPLACE FUNCTION o365_internal.copied() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_this o365_internal.known_database := o365_internal.this_database();
    v_known o365_internal.known_database;
    v_why text;
BEGIN
    SELECT k.* INTO v_known FROM o365_internal.known_database AS k;
    IF v_known.database IS NULL THEN
        RETURN NULL;
    END IF;
    -- pg_upgrade makes another cluster, keeps the tables' ids and the name, and before PostgreSQL 15 gives the database another id: that is no copy.
    IF v_known.tables IS DISTINCT FROM v_this.tables THEN
        v_why := 'its tables were made anew, as those of a restored dump';
    ELSIF v_known.cluster <> v_this.cluster AND v_known.name <> v_this.name THEN
        v_why := 'it is in another cluster and has another name';
    ELSIF coalesce(v_known.cluster = v_this.cluster, true) AND v_known.database <> v_this.database THEN
        v_why := 'it has another object id, as one made with CREATE DATABASE ... TEMPLATE';
    END IF;
    IF v_why IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN format('database %s may be a copy of database %s, which this installation knows since %s: %s', v_this.name, v_known.name,
                  to_char(v_known.told_at, 'YYYY-MM-DD HH24:MI'), v_why);
END $$;
COMMENT ON FUNCTION o365_internal.copied() IS
    'Why this database may be a copy of the one that the installation knows, in words; null when it is that one. A standby that was promoted, a base '
    'backup and files that were moved cannot be told from the original: their environment has to be another one.';

CREATE OR REPLACE FUNCTION o365.this_is(environment text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_this o365_internal.known_database := o365_internal.this_database();
    v_copied boolean := o365_internal.copied() IS NOT NULL;
    v_waiting bigint;
BEGIN
    -- Its transaction ids tell nothing: they may be another history's, and have been passed by this one's.
    IF v_copied THEN
        INSERT INTO o365_internal.feeding_again (always) VALUES (true);
    END IF;
    PERFORM o365.set('environment', environment);
    INSERT INTO o365_internal.known_database AS k SELECT (v_this).*
        ON CONFLICT ON CONSTRAINT known_database_pkey DO UPDATE
           SET cluster = excluded.cluster, database = excluded.database, name = excluded.name, tables = excluded.tables, told_at = excluded.told_at;
    v_waiting := (SELECT count(*) FROM (SELECT FROM o365_internal.outbox LIMIT 1000) AS o);
    IF v_waiting > 0 THEN
        RAISE NOTICE '%', format('%s here. Workers of environment %s send them within 5 s after you commit.',
            CASE WHEN v_waiting = 1000 THEN '1000 cards or more wait'
                 ELSE o365_internal.plural(v_waiting, 'card waits', 'cards wait') END, environment);
    END IF;
    RETURN environment;
END $$;
COMMENT ON FUNCTION o365.this_is(text) IS
    'Says what this database is: production, staging, development or a name of your own. Sets the setting environment and returns it. A database that '
    'is a copy (a restored dump, CREATE DATABASE ... TEMPLATE) sends nothing until this is called in it; from then on workers that are configured for '
    'the same environment send, also the cards that were copied. Error: invalid_parameter_value.';
