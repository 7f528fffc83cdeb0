CREATE OR REPLACE FUNCTION o365_internal.full_window(subscription_id bigint) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_dialect text := (SELECT s.dialect FROM o365_internal.subscription AS s
                        WHERE s.subscription_id = full_window.subscription_id);
    v_window record;
    v_posts bigint;
BEGIN
    FOR v_window IN SELECT w.posts, w.seconds FROM o365_internal.windows() AS w
                     WHERE w.dialect = v_dialect ORDER BY w.seconds LOOP
        v_posts := (SELECT count(*) FROM (SELECT FROM o365_internal.delivery AS d
                                           WHERE d.subscription_id = full_window.subscription_id
                                             AND d.at > now() - make_interval(secs => v_window.seconds)
                                             AND d.took_ms IS NOT NULL LIMIT v_window.posts) AS d)
                 + (SELECT count(*) FROM (SELECT FROM o365_internal.attempt AS a
                                           WHERE a.subscription_id = full_window.subscription_id
                                             AND a.at > now() - make_interval(secs => v_window.seconds)
                                           LIMIT v_window.posts) AS a);
        IF v_posts >= v_window.posts THEN
            RETURN format('%s in %s s', v_window.posts, v_window.seconds);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.full_window(bigint) IS
    'The shortest window of its dialect that a subscription has used up by POSTs that were reported, in words: 25 in '
    '300 s. Null when there is none.';
