CREATE OR REPLACE FUNCTION o365_internal.repeated_posts(
    worker integer, subscription_id bigint, lease_no bigint, claimed_at timestamptz, subs bigint[], leases bigint[],
    positions bigint[], took_ms integer[]) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- They come first, and their cards are gone. There are no more of them than that report ended: a card may also be
    -- missing because somebody deleted it.
    RETURN (WITH item AS (
            SELECT u.n, u.took, EXISTS (SELECT FROM o365_internal.outbox AS o
                                         WHERE o.subscription_id = u.s AND o.position = u.p) AS waits
              FROM unnest($5, $6, $7, $8) WITH ORDINALITY AS u(s, l, p, took, n) WHERE u.s = $2 AND u.l = $3)
        SELECT least((SELECT count(i.took) FROM item AS i WHERE i.n < ALL (SELECT x.n FROM item AS x WHERE x.waits)),
                     (SELECT count(*) FROM o365_internal.delivery AS d
                       WHERE d.subscription_id = $2 AND d.at >= $4 AND d.lease_no = $3 AND d.worker = $1
                         AND d.post_no IS NOT NULL)));
END $$;
COMMENT ON FUNCTION o365_internal.repeated_posts(integer, bigint, bigint, timestamptz, bigint[], bigint[], bigint[],
                                                 integer[]) IS
    'How many of the POSTs of a lane that a worker reports an earlier report of the same lease has brought already: '
    'its answer was lost, so they come again, before what was posted since. claimed_at: when the lane was claimed. The '
    'arrays have an element for each POST of the report, or end without one. The caller''s planner settings hold in '
    'here.';
