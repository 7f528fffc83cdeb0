CREATE OR REPLACE FUNCTION o365_internal.quota_halvings(lane o365_internal.lane, at timestamptz) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_halved integer := greatest(0, lane.quota_halved
                                    - coalesce(trunc(date_part('epoch', at - lane.quota_halved_at) / 3600), 0));
BEGIN
    IF lane.quota_webhook > 0 THEN
        v_halved := greatest(v_halved, (
            SELECT max(s.halved - trunc(date_part('epoch', quota_halvings.at - s.at) / 3600))
              FROM o365_internal.quota_slot AS s
             WHERE s.group_id = lane.quota_webhook AND s.halved IS NOT NULL
               AND s.at > quota_halvings.at - interval '5 hours')::integer);
    END IF;
    RETURN v_halved;
END $$;
COMMENT ON FUNCTION o365_internal.quota_halvings(o365_internal.lane, timestamptz) IS
    'How often the limits of a lane are halved at a time: once less for each hour since the far end throttled it, or '
    'another lane that shares its webhook.';
