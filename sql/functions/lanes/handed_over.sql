CREATE OR REPLACE FUNCTION o365_internal.handed_over(subscription_id bigint) RETURNS xid8[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    RETURN ARRAY(SELECT h.xid FROM o365_internal.handing AS h
                  WHERE h.xid > '0'::xid8
                    AND (h.upto >= subscription_id
                         OR EXISTS (SELECT 1 FROM o365_internal.handed_early AS e
                                     WHERE e.xid = h.xid AND e.subscription_id = subscription_id)));
END $$;
COMMENT ON FUNCTION o365_internal.handed_over(bigint) IS
    'The bulk transactions whose cards were handed to a lane while other lanes still wait for theirs. fed.snap has '
    'them as in progress. Asked once a lane, under the planner settings of its callers.';
