CREATE OR REPLACE FUNCTION o365_internal.schedule_zone(subscription_id bigint) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT coalesce(s.time_zone, (SELECT c.time_zone FROM o365_internal.connector AS c
                                           WHERE c.connector_id = s.connector_id),
                            o365_internal.text_setting('time_zone'))
              FROM o365_internal.subscription AS s WHERE s.subscription_id = $1);
END $$;
COMMENT ON FUNCTION o365_internal.schedule_zone(bigint) IS
    'The time zone of a subscription''s schedule: its own, else its connector''s, else the setting time_zone.';
