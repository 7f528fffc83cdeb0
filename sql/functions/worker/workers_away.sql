CREATE OR REPLACE FUNCTION o365_internal.workers_away() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_last o365_internal.worker;
    v_environment text := o365_internal.text_setting('environment');
    v_copied text := o365_internal.copied();
BEGIN
    IF v_copied IS NOT NULL THEN
        RETURN v_copied || '; nothing is sent before select o365.this_is(...)';
    END IF;
    IF EXISTS (SELECT FROM o365_internal.worker AS w
                WHERE w.stopped_at IS NULL AND w.seen_at > now() - interval '15 seconds'
                  AND w.environment = v_environment) THEN
        RETURN NULL;
    END IF;
    SELECT w.* INTO v_last FROM o365_internal.worker AS w
     WHERE w.stopped_at IS NULL AND w.seen_at > now() - interval '15 seconds' ORDER BY w.started_at DESC LIMIT 1;
    IF FOUND THEN
        RETURN format('no worker of environment %s: worker %s runs since %s and is configured for environment %s',
                      v_environment, v_last.name, to_char(v_last.started_at, 'YYYY-MM-DD HH24:MI'), v_last.environment);
    END IF;
    SELECT w.* INTO v_last FROM o365_internal.worker AS w ORDER BY w.seen_at DESC LIMIT 1;
    RETURN CASE
        WHEN v_last.worker_id IS NULL THEN 'no worker has ever run'
        WHEN v_last.comes_back AND v_last.seen_at > now() - interval '5 minutes'
        THEN format('the next run of o365-worker --once; the last one ended at %s',
                    to_char(v_last.stopped_at, 'YYYY-MM-DD HH24:MI'))
        WHEN v_last.stopped_at IS NOT NULL
        THEN format('no worker since %s, when worker %s ended in order',
                    to_char(v_last.stopped_at, 'YYYY-MM-DD HH24:MI'), v_last.name)
        ELSE format('no worker since %s, when worker %s was last heard of',
                    to_char(v_last.seen_at, 'YYYY-MM-DD HH24:MI'), v_last.name) END;
END $$;
COMMENT ON FUNCTION o365_internal.workers_away() IS
    'Why no worker sends, in words with since when; null when one is alive that may. SECURITY DEFINER for the views.';
