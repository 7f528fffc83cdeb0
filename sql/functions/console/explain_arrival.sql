CREATE OR REPLACE FUNCTION o365_internal.explain_arrival(subscription_id bigint, xid xid8) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_variable
DECLARE
    v_fed record;
    v_holders text[];
    v_again record;
    v_locked text;
BEGIN
    SELECT f.snap, f.at INTO v_fed FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1;
    SELECT a.at, coalesce(a.lane, (-9223372036854775808)::bigint) AS lane INTO v_again
      FROM o365_internal.feeding_again AS a ORDER BY a.n DESC LIMIT 1;
    IF v_again.at IS NOT NULL AND subscription_id >= v_again.lane THEN
        RETURN format('this database was restored: since %s what waits is handed to its connections anew, and this one '
                      'has not had its turn', o365_internal.moment(v_again.at));
    END IF;
    IF EXISTS (SELECT FROM o365_internal.postponed AS p WHERE p.subscription_id = explain_arrival.subscription_id) THEN
        v_locked := (SELECT o365_internal.locked_by(l.xmax) FROM o365_internal.lane AS l
                      WHERE l.subscription_id = explain_arrival.subscription_id ORDER BY l.lease_no DESC LIMIT 1);
        RETURN format('its connection could not be given new cards: it was locked, %s',
                      coalesce('by ' || v_locked, 'which is over: the next round of arrivals does it'));
    END IF;
    IF pg_visible_in_snapshot(xid, v_fed.snap) OR xid = ANY (o365_internal.handed_over(subscription_id)) THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM o365_internal.handing AS h WHERE h.xid = explain_arrival.xid) THEN
        RETURN 'its transaction sent very many cards, which are handed to their connections by and by: this one has '
               'not had its turn';
    END IF;
    v_holders := o365_internal.holders('{o365_internal.turn_to_feed}');
    RETURN format('its transaction was not seen yet: the last round of arrivals was at %s%s',
                  o365_internal.moment(v_fed.at),
                  ', and ' || (SELECT string_agg(o365_internal.session_name(split_part(h, ' ', 1)::integer), ', ')
                                 FROM unnest(v_holders) AS h) || ' is at the next');
END $$;
COMMENT ON FUNCTION o365_internal.explain_arrival(bigint, xid8) IS
    'Why the lane does not have a card of this transaction yet, a sentence without a capital and a full stop; null '
    'when it has.';
