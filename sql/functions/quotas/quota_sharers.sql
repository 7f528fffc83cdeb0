CREATE OR REPLACE FUNCTION o365_internal.quota_sharers(quota_webhook integer) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_others bigint;
BEGIN
    IF quota_webhook > 0 THEN
        v_others := (SELECT count(*) - 1 FROM o365_internal.lane AS l
                      WHERE l.quota_webhook = quota_sharers.quota_webhook);
        RETURN CASE WHEN v_others > 0
            THEN format('it shares the limits of its webhook with %s',
                        o365_internal.plural(v_others, 'other connection', 'other connections'))
            ELSE 'what an earlier connection posted to its webhook counts' END;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.quota_sharers(integer) IS
    'Who else uses up the limits of a lane, in words, by its lane.quota_webhook; null: nobody.';
