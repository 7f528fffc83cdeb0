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
    -- pg_upgrade makes another cluster, keeps the tables' ids and the name, and before PostgreSQL 15 gives the database
    -- another id: that is no copy.
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
    RETURN format('database %s may be a copy of database %s, which this installation knows since %s: %s', v_this.name,
                  v_known.name,
                  to_char(v_known.told_at, 'YYYY-MM-DD HH24:MI'), v_why);
END $$;
COMMENT ON FUNCTION o365_internal.copied() IS
    'Why this database may be a copy of the one that the installation knows, in words; null when it is that one. A '
    'standby that was promoted, a base backup and files that were moved cannot be told from the original: their '
    'environment has to be another one.';
