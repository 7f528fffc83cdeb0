-- The delivery core: arrivals, claim, report. docs/delivery.md explains it; lines marked (!) are there because without them its attack
-- (tests/sql/attack) finds lost, doubled or reordered cards. Every statement is planned the same way whatever the statistics say: no
-- sequential scans, joins only as lateral look-ups by key or by ctid, generic plans.

CREATE OR REPLACE FUNCTION o365_internal.feed_again() RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_lanes integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('o365.worker_feed'));
    UPDATE o365_internal.outbox AS o SET xid = pg_current_xact_id();
    DELETE FROM o365_internal.postponed;
    -- A new lease number: whoever had a lease in the other cluster is refused here.
    UPDATE o365_internal.lane AS l
       SET cursor = 0, late = NULL, worker = NULL, lease_until = NULL, lease_no = l.lease_no + 1,
           next_at = CASE WHEN l.hold IS NULL AND EXISTS (SELECT FROM o365_internal.outbox AS o
                                                           WHERE o.subscription_id = l.subscription_id) THEN now() END;
    GET DIAGNOSTICS v_lanes = ROW_COUNT;
    INSERT INTO o365_internal.fed (snap, cluster)
        SELECT pg_current_snapshot(), c.system_identifier FROM pg_catalog.pg_control_system() AS c;
    RETURN v_lanes;
END $$;
COMMENT ON FUNCTION o365_internal.feed_again() IS
    'Hands everything that waits to the lanes anew, as if it had just arrived, and forgets all leases; returns the number of '
    'lanes. For a database that was restored into another cluster, where the transaction ids of the old one mean nothing.';

CREATE OR REPLACE FUNCTION o365_internal.feed_again_if_restored() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (SELECT f.cluster FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1)
           IS DISTINCT FROM (SELECT c.system_identifier FROM pg_catalog.pg_control_system() AS c) THEN
        PERFORM o365_internal.feed_again();
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.feed_again_if_restored() IS
    'feed_again, if this is another cluster than the one that fed last. Workers ask when they start and on each heartbeat, '
    'the first of which follows every new connection.';

CREATE OR REPLACE FUNCTION o365.worker_feed() RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_before pg_snapshot;
    v_cluster bigint;
    v_after pg_snapshot;
    v_in_flight xid8[];
    v_arrived bigint[];
    v_first bigint[];
    v_new boolean;
    v_free bigint[];
    v_free_first bigint[];
    v_locked bigint[];
    v_locked_first bigint[];
    v_lanes integer;
BEGIN
    -- One worker feeds at a time; the others go on with what is due.
    IF NOT pg_try_advisory_xact_lock(hashtext('o365.worker_feed')) THEN
        RETURN -1;
    END IF;
    SELECT f.snap, f.cluster INTO v_before, v_cluster FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1;
    v_in_flight := ARRAY(SELECT pg_snapshot_xip(v_before));
    -- Lanes with what is visible now and was not at the last round, ids past its xmax and those that were in flight then,
    -- or with what could not be handed over then; and the first such card of each. The snapshot is that of this very
    -- statement: later ones see more, and take of it only what is visible in this one.
    SELECT array_agg(l.s ORDER BY l.s), array_agg(l.first ORDER BY l.s), bool_or(l.new), (SELECT pg_current_snapshot())
      INTO v_arrived, v_first, v_new, v_after
      FROM (
        SELECT a.s, min(a.p) AS first, bool_or(a.new) AS new FROM (
            SELECT o.subscription_id AS s, o.position AS p, true AS new
              FROM o365_internal.outbox AS o WHERE o.xid >= pg_snapshot_xmax(v_before)
            UNION ALL
            SELECT o.subscription_id, o.position, true FROM o365_internal.outbox AS o
             WHERE o.xid = ANY (v_in_flight)   -- (!) any(array): a join flips
            UNION ALL
            SELECT p.subscription_id, p.position, false FROM o365_internal.postponed AS p) AS a
        GROUP BY a.s) AS l;
    IF v_arrived IS NULL THEN
        RETURN 0;
    END IF;
    -- Lanes are locked in key order and only then read, in a new statement, so that cursor and next_at are final. A lane
    -- that somebody else has locked, an operator's open transaction for one, is left out and waited for by nobody.
    SELECT array_agg(a.s) FILTER (WHERE l.locked), array_agg(a.first) FILTER (WHERE l.locked),
           array_agg(a.s) FILTER (WHERE l.locked IS NULL), array_agg(a.first) FILTER (WHERE l.locked IS NULL)
      INTO v_free, v_free_first, v_locked, v_locked_first
      FROM unnest(v_arrived, v_first) AS a(s, first)
      LEFT JOIN LATERAL (SELECT true AS locked FROM o365_internal.lane AS l WHERE l.subscription_id = a.s
                          ORDER BY l.lease_no DESC LIMIT 1 FOR UPDATE SKIP LOCKED) AS l ON true;
    IF v_locked IS NOT NULL THEN
        -- (!) Its cards are set aside, and no worker claims it before they are handed over, or later cards of the same
        -- transaction would pass them.
        INSERT INTO o365_internal.postponed (subscription_id, position)
            SELECT a.s, o.position FROM unnest(v_locked, v_locked_first) AS a(s, first)
             CROSS JOIN LATERAL (SELECT o.position FROM o365_internal.outbox AS o
                                  WHERE o.subscription_id = a.s AND o.position >= a.first
                                    AND NOT pg_visible_in_snapshot(o.xid, v_before)
                                    AND pg_visible_in_snapshot(o.xid, v_after)) AS o
             WHERE EXISTS (SELECT 1 FROM o365_internal.lane AS l WHERE l.subscription_id = a.s)
            ON CONFLICT DO NOTHING;
    END IF;
    WITH touched AS MATERIALIZED (
        SELECT a.s, a.first, l.tid, l.cursor FROM unnest(v_free, v_free_first) AS a(s, first)
        CROSS JOIN LATERAL (SELECT la.ctid AS tid, la.cursor, la.next_at, la.hold FROM o365_internal.lane AS la
                             WHERE la.subscription_id = a.s ORDER BY la.lease_no DESC LIMIT 1) AS l
        WHERE (l.next_at IS NULL AND l.hold IS NULL) OR a.first <= l.cursor),
    with_late AS MATERIALIZED (
        SELECT t.tid, CASE WHEN t.first <= t.cursor THEN ARRAY(
            SELECT o.position FROM o365_internal.outbox AS o
             WHERE o.subscription_id = t.s AND o.position >= t.first AND o.position <= t.cursor
               AND NOT pg_visible_in_snapshot(o.xid, v_before) AND pg_visible_in_snapshot(o.xid, v_after)
            UNION ALL
            SELECT p.position FROM o365_internal.postponed AS p
             WHERE p.subscription_id = t.s AND p.position <= t.cursor
               AND EXISTS (SELECT 1 FROM o365_internal.outbox AS o WHERE o.subscription_id = t.s AND o.position = p.position))
            ELSE '{}' END AS lt
        FROM touched AS t)
    UPDATE o365_internal.lane AS la
       SET next_at = CASE WHEN la.hold IS NULL THEN coalesce(la.next_at, now()) ELSE la.next_at END,
           late = nullif(ARRAY(SELECT DISTINCT v FROM unnest(coalesce(la.late, '{}') || w.lt) AS v ORDER BY v), '{}')   -- (!) distinct
      FROM with_late AS w WHERE la.ctid = w.tid;
    GET DIAGNOSTICS v_lanes = ROW_COUNT;
    DELETE FROM o365_internal.postponed AS p WHERE p.subscription_id = ANY (v_free);
    IF v_new THEN
        INSERT INTO o365_internal.fed (snap, cluster) VALUES (v_after, v_cluster);
    END IF;
    RETURN v_lanes;
END $$;
COMMENT ON FUNCTION o365.worker_feed() IS
    'Hands cards that were committed since the last call to their lanes and wakes those; returns how many lanes it touched, '
    '-1 when another worker is at it. Never waits for a sender nor for whoever has locked a lane, never misses a late commit.';

CREATE OR REPLACE FUNCTION o365.worker_claim(worker integer, low timestamptz, n_lanes integer, n_cards integer)
RETURNS TABLE (subscription_id bigint, lease_no bigint, secret_version integer, dialect text, "position" bigint, card_id bigint, card text,
    ends_as text, was_due timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();   -- not now(): what the same transaction gave back before is due again
BEGIN
    -- PL/pgSQL keeps the plan; a function in SQL is parsed and planned at every call, which costs more than the claim.
    RETURN QUERY
    WITH fed AS MATERIALIZED (SELECT f.snap FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1),
    due AS MATERIALIZED (
        SELECT la.ctid AS tid, la.next_at FROM o365_internal.lane AS la WHERE la.next_at >= low AND la.next_at <= v_now
           AND NOT EXISTS (SELECT 1 FROM o365_internal.postponed AS p WHERE p.subscription_id = la.subscription_id)   -- (!)
        ORDER BY la.next_at LIMIT n_lanes FOR UPDATE OF la SKIP LOCKED),
    lease AS MATERIALIZED (SELECT clock_timestamp() + make_interval(secs => o365_internal.integer_setting('lease_seconds')) AS ends),
    leased AS (
        UPDATE o365_internal.lane AS la
           SET next_at = lease.ends, lease_until = lease.ends, worker = worker_claim.worker, lease_no = la.lease_no + 1
          FROM due, lease WHERE la.ctid = due.tid
        RETURNING la.subscription_id, la.lease_no, la.cursor, la.late, due.next_at)
    SELECT l.subscription_id, l.lease_no, s.secret_version, s.dialect, o.position, o.card_id, o.card,
           CASE WHEN s.status IN ('removed', 'gone', 'retired') THEN 'cancelled' END, l.next_at
      FROM leased AS l
      LEFT JOIN LATERAL (SELECT su.secret_version, su.dialect, su.status FROM o365_internal.subscription AS su
                          WHERE su.subscription_id = l.subscription_id LIMIT 1) AS s ON true
      LEFT JOIN LATERAL (
        SELECT c.position, c.card_id, c.card FROM (
            (SELECT o.position, o.card_id, o.card FROM unnest(l.late) AS v(p)
               JOIN o365_internal.outbox AS o ON o.subscription_id = l.subscription_id AND o.position = v.p)
            UNION ALL
            (SELECT o.position, o.card_id, o.card FROM o365_internal.outbox AS o
              WHERE o.subscription_id = l.subscription_id AND o.position > l.cursor
                AND pg_visible_in_snapshot(o.xid, (SELECT fed.snap FROM fed))   -- (!) only what was fed, or a transaction's cards come apart
              ORDER BY o.position LIMIT n_cards)) AS c
        ORDER BY c.position LIMIT n_cards) AS o ON true;
END $$;
COMMENT ON FUNCTION o365.worker_claim(integer, timestamptz, integer, integer) IS
    'Leases up to n_lanes due lanes to a worker and returns up to n_cards first cards of each, in order; commit at once. low bounds the scan: the '
    'latest was_due seen less a second, and -infinity every few seconds. A lane can come without a card (position null): report it like the '
    'others. card: as it was sent; the worker puts it into the form that its webhook takes. ends_as: report that outcome without a POST. secret_version tells whether a cached webhook is old.';

CREATE OR REPLACE FUNCTION o365.worker_recheck(subscription_ids bigint[], lease_nos bigint[])
RETURNS TABLE (subscription_id bigint, lease_no bigint, may_send boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
    SELECT u.s, u.l, coalesce(la.hold IS NULL AND su.status = 'active', false)
      FROM unnest(subscription_ids, lease_nos) AS u(s, l)
      LEFT JOIN LATERAL (SELECT x.hold, true AS found FROM o365_internal.lane AS x WHERE x.subscription_id = u.s AND x.lease_no = u.l LIMIT 1) AS la ON true
      LEFT JOIN LATERAL (SELECT y.status FROM o365_internal.subscription AS y WHERE y.subscription_id = u.s AND la.found LIMIT 1) AS su ON true $$;
COMMENT ON FUNCTION o365.worker_recheck(bigint[], bigint[]) IS
    'Whether leased lanes may still send: false once paused, removed, suspended or leased to another. Called at most 2 s before each POST.';

CREATE OR REPLACE FUNCTION o365.worker_report(
    worker integer, subs bigint[], leases bigint[], positions bigint[], outcomes text[], rule_ids integer[],
    http_statuses integer[], retry_after_s integer[], took_ms integer[], problems text[],
    lane_subs bigint[], lane_leases bigint[], releases boolean[], OUT ended integer, OUT busy bigint[])
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_held bigint[];
    v_held_tid tid[];
    v_held_lease bigint[];
    v_released boolean[];
    v_named bigint;
    v_s bigint[];
    v_p bigint[];
    v_item record;
BEGIN
    ended := 0;
    busy := '{}';
    -- Lanes that are still leased to this worker under this number; a late report of anything else changes nothing.
    SELECT array_agg(d.s) FILTER (WHERE locked.tid IS NOT NULL), array_agg(locked.tid) FILTER (WHERE locked.tid IS NOT NULL),
           array_agg(d.l) FILTER (WHERE locked.tid IS NOT NULL), array_agg(d.r) FILTER (WHERE locked.tid IS NOT NULL), count(*)
      INTO v_held, v_held_tid, v_held_lease, v_released, v_named
      FROM (SELECT u.s, u.l, bool_or(u.r) AS r FROM unnest(lane_subs, lane_leases, releases) AS u(s, l, r)
             GROUP BY u.s, u.l ORDER BY u.s) AS d
      LEFT JOIN LATERAL (SELECT la.ctid AS tid FROM o365_internal.lane AS la
                          WHERE la.subscription_id = d.s AND la.lease_no = d.l AND la.worker = worker_report.worker
                          FOR UPDATE SKIP LOCKED) AS locked ON true;
    IF coalesce(cardinality(v_held), 0) < v_named THEN
        -- Still ours, but locked by another transaction: reported again later, so that nobody else waits for it.
        busy := ARRAY(SELECT DISTINCT u.s FROM unnest(lane_subs, lane_leases) AS u(s, l)
                       WHERE u.s <> ALL (coalesce(v_held, '{}'))
                         AND EXISTS (SELECT 1 FROM o365_internal.lane AS la WHERE la.subscription_id = u.s
                                        AND la.lease_no = u.l AND la.worker = worker_report.worker));
    END IF;
    IF v_held IS NULL THEN
        RETURN;
    END IF;
    -- One look at each card, then its history: a delivery for every end, with the POST that made it, an attempt for every
    -- other POST. A card that another worker ended since is not there any more; its lane would not be held. Of one lane's
    -- items only those of the lease that is held count: a report may name an older one beside it.
    WITH item AS MATERIALIZED (
        SELECT u.s, u.l, u.p, u.outcome, u.rule_id, u.status, u.retry_after, u.took, u.problem, t.*,
               u.outcome IN ('delivered', 'accepted', 'dead', 'cancelled') AS ends
          FROM unnest(subs, leases, positions, outcomes, rule_ids, http_statuses, retry_after_s, took_ms, problems)
               AS u(s, l, p, outcome, rule_id, status, retry_after, took, problem)
          CROSS JOIN LATERAL (SELECT o.ctid AS tid, o.card_id, o.event, o.enqueued_at FROM o365_internal.outbox AS o
                               WHERE o.subscription_id = u.s AND o.position = u.p LIMIT 1) AS t
         WHERE v_held_lease[array_position(v_held, u.s)] = u.l),
    tried AS (
        INSERT INTO o365_internal.attempt (card_id, subscription_id, lease_no, worker, outcome, rule_id, http_status,
                                           retry_after_s, took_ms, problem)
        SELECT i.card_id, i.s, i.l, worker_report.worker, i.outcome, i.rule_id, i.status, i.retry_after, i.took, i.problem
          FROM item AS i WHERE i.took IS NOT NULL AND NOT i.ends),
    ending AS MATERIALIZED (
        SELECT DISTINCT ON (i.tid) i.* FROM item AS i WHERE i.ends ORDER BY i.tid),
    gone AS (DELETE FROM o365_internal.outbox AS o WHERE o.ctid = ANY (ARRAY(SELECT e.tid FROM ending AS e))),   -- (!) by ctid: a join flips
    kept AS (
        INSERT INTO o365_internal.delivery (card_id, subscription_id, outcome, reason, event, enqueued_at,
                                            lease_no, worker, rule_id, http_status, retry_after_s, took_ms)
        SELECT e.card_id, e.s, e.outcome, e.problem, e.event, e.enqueued_at,
               e.l, worker_report.worker, e.rule_id, e.status, e.retry_after, e.took FROM ending AS e)
    SELECT array_agg(e.s), array_agg(e.p), count(*) INTO v_s, v_p, ended FROM ending AS e;
    WITH done AS MATERIALIZED (
        SELECT u.s, array_agg(u.p) AS ps, max(u.p) AS last FROM unnest(v_s, v_p) AS u(s, p) GROUP BY 1),
    lane AS MATERIALIZED (
        SELECT h.s, h.tid, h.released, la.cursor, la.late, coalesce(d.ps, '{}') AS ps, greatest(d.last, la.cursor) AS last
        FROM unnest(v_held, v_held_tid, v_released) AS h(s, tid, released)
        CROSS JOIN LATERAL (SELECT x.cursor, x.late FROM o365_internal.lane AS x WHERE x.ctid = h.tid) AS la
        LEFT JOIN LATERAL (SELECT * FROM done WHERE done.s = h.s LIMIT 1) AS d ON true),
    rest AS MATERIALIZED (
        SELECT l.s, l.tid, l.released, l.last, l.ps, nullif(ARRAY(
            SELECT v FROM unnest(l.late) AS v WHERE v <> ALL (l.ps)
            UNION SELECT o.position FROM o365_internal.outbox AS o
             WHERE o.subscription_id = l.s AND o.position > l.cursor AND o.position < l.last   -- (!) committed meanwhile, below the new cursor
               -- (!) What is not fed yet feeding hands over, all of a transaction: here its first card may be past already.
               AND pg_visible_in_snapshot(o.xid, (SELECT f.snap FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1))
        ), '{}') AS lt FROM lane AS l)
    UPDATE o365_internal.lane AS la
       SET cursor = r.last, late = r.lt,
           worker = CASE WHEN NOT r.released THEN la.worker END,
           lease_until = CASE WHEN NOT r.released THEN la.lease_until END,
           failures = CASE WHEN r.ps = '{}' THEN la.failures ELSE 0 END,
           failing_since = CASE WHEN r.ps = '{}' THEN la.failing_since END,
           gone_since = CASE WHEN r.ps = '{}' THEN la.gone_since END,
           problem = CASE WHEN r.ps = '{}' THEN la.problem END,
           next_at = CASE WHEN NOT r.released THEN la.next_at
                          WHEN la.hold IS NULL AND (r.lt IS NOT NULL
                               OR EXISTS (SELECT 1 FROM o365_internal.outbox AS o
                                           WHERE o.subscription_id = r.s AND o.position > r.last))
                          THEN clock_timestamp() END
      FROM rest AS r WHERE la.ctid = r.tid;
    -- Few: lanes whose last card did not reach its end.
    FOR v_item IN
        SELECT u.s, u.l, u.p, u.outcome, u.retry_after, u.problem
          FROM unnest(subs, leases, positions, outcomes, retry_after_s, problems) AS u(s, l, p, outcome, retry_after, problem)
         WHERE v_held_lease[array_position(v_held, u.s)] = u.l AND u.outcome NOT IN ('delivered', 'accepted', 'dead', 'cancelled')
    LOOP
        ended := ended + o365_internal.card_failed(v_item.s, v_item.l, v_item.p, v_item.outcome, v_item.retry_after,
                                                   v_item.problem);
    END LOOP;
END $$;
COMMENT ON FUNCTION o365.worker_report(integer, bigint[], bigint[], bigint[], text[], integer[], integer[], integer[], integer[],
                                       text[], bigint[], bigint[], boolean[]) IS
    'Reports claimed lanes: ends cards and writes history, and gives back those lanes that are released, which sets when they '
    'are next due. One element per POST (or end without one) in the arrays up to problems, a card that did not reach its end '
    'last of its lane and only with its release; lane_subs, lane_leases and releases name every lane. ended: how many cards '
    'ended. busy: lanes that another transaction has locked: nothing was done for them, report them again. A lane that is not '
    'leased to this worker under this number any more is left alone, so a report may be repeated. Unknown outcomes count as '
    'retry; cannot_open and held ask for another look, after retry_after_s or half a minute, and count as no failure.';

CREATE OR REPLACE FUNCTION o365_internal.end_cards(outcomes text[], reasons text[], tids tid[]) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_ended integer;
BEGIN
    IF tids IS NULL THEN
        RETURN 0;
    END IF;
    -- The outcomes are looked up by ctid before the rows go: ORDER of what DELETE returns is nobody's promise.
    WITH ending AS MATERIALIZED (
        SELECT DISTINCT ON (u.tid) o.card_id, o.subscription_id, o.event, o.enqueued_at, u.outcome, u.reason, u.tid
          FROM unnest(outcomes, reasons, tids) AS u(outcome, reason, tid)
          CROSS JOIN LATERAL (SELECT x.card_id, x.subscription_id, x.event, x.enqueued_at FROM o365_internal.outbox AS x
                               WHERE x.ctid = u.tid) AS o ORDER BY u.tid),
    gone AS (DELETE FROM o365_internal.outbox AS o WHERE o.ctid = ANY (tids) RETURNING 1),                 -- (!) by ctid: a join flips
    kept AS (INSERT INTO o365_internal.delivery (card_id, subscription_id, outcome, reason, event, enqueued_at)
             SELECT e.card_id, e.subscription_id, e.outcome, e.reason, e.event, e.enqueued_at FROM ending AS e RETURNING 1)
    SELECT count(*) INTO v_ended FROM kept;
    RETURN v_ended;
END $$;
COMMENT ON FUNCTION o365_internal.end_cards(text[], text[], tid[]) IS
    'Moves cards from the outbox to the history with their outcomes, each once. The caller holds their lanes, so nobody else '
    'can end them. Returns how many.';

CREATE OR REPLACE FUNCTION o365_internal.card_failed(
    subscription_id bigint, lease_no bigint, "position" bigint, outcome text, retry_after integer, problem text)
RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_lane o365_internal.lane;
    v_policy text;
    v_first double precision := o365_internal.integer_setting('retry_first_seconds');
    v_cap double precision := o365_internal.integer_setting('retry_cap_seconds');
    v_wait double precision;
    v_give_up interval := make_interval(hours => o365_internal.integer_setting('give_up_hours'));
    v_ends_as text;
    v_reason text;
    v_tid tid;
BEGIN
    IF outcome IN ('cannot_open', 'held') THEN
        -- The worker's trouble, not the webhook's: another worker, or this one when it has the right key file, its proxy or
        -- a transfer for that host, delivers it.
        UPDATE o365_internal.lane AS l
           SET next_at = clock_timestamp() + make_interval(secs => coalesce(retry_after, 30)), problem = card_failed.problem
         WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no AND l.hold IS NULL;
        RETURN 0;
    END IF;
    SELECT s.in_doubt_policy INTO v_policy FROM o365_internal.subscription AS s
     WHERE s.subscription_id = card_failed.subscription_id;
    UPDATE o365_internal.lane AS l
       SET failures = l.failures + 1, failing_since = coalesce(l.failing_since, clock_timestamp()),
           problem = coalesce(card_failed.problem, card_failed.outcome),
           gone_since = CASE WHEN card_failed.outcome = 'gone' THEN coalesce(l.gone_since, clock_timestamp()) END
     WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no RETURNING l.* INTO v_lane;
    IF outcome = 'suspend' THEN
        PERFORM o365_internal.hold(subscription_id, 'suspended', coalesce(problem, 'the far end refuses this webhook'));
        RETURN 0;
    END IF;
    IF outcome = 'in_doubt' AND v_policy = 'skip' THEN
        v_ends_as := 'in_doubt';
        v_reason := coalesce(problem, 'the answer was lost');
    ELSIF clock_timestamp() - v_lane.gone_since >= v_give_up THEN
        -- Evidence over time: nothing but this answer for as long as a card is tried. What waits is cancelled at its claim.
        UPDATE o365_internal.subscription AS s
           SET status = 'gone', status_reason = coalesce(problem, 'the webhook does not exist any more'), status_at = now()
         WHERE s.subscription_id = card_failed.subscription_id AND s.status NOT IN ('removed', 'gone');
        UPDATE o365_internal.lane AS l SET next_at = clock_timestamp(), hold = NULL
         WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no;
        RETURN 0;
    ELSIF clock_timestamp() - v_lane.failing_since >= v_give_up THEN
        v_ends_as := 'dead';
        v_reason := format('gave up after %s tries: %s', v_lane.failures, coalesce(problem, outcome));
    END IF;
    IF v_ends_as IS NULL THEN
        -- Exponential with jitter between half and the whole of the step; what the far end asked for is the least.
        v_wait := least(v_cap, v_first * power(2, least(v_lane.failures - 1, 30))) * (0.5 + random() / 2);
        v_wait := greatest(v_wait, least(coalesce(retry_after, 0), 86400));
        UPDATE o365_internal.lane AS l SET next_at = clock_timestamp() + make_interval(secs => v_wait)
         WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no AND l.hold IS NULL;
        RETURN 0;
    END IF;
    SELECT o.ctid INTO v_tid FROM o365_internal.outbox AS o
     WHERE o.subscription_id = card_failed.subscription_id AND o.position = card_failed.position;
    UPDATE o365_internal.lane AS l
       SET failures = 0, failing_since = NULL, problem = NULL, late = nullif(array_remove(l.late, card_failed.position), '{}'),
           next_at = CASE WHEN l.hold IS NULL THEN clock_timestamp() END
     WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no;
    RETURN CASE WHEN v_tid IS NULL THEN 0
        ELSE o365_internal.end_cards(ARRAY[v_ends_as], ARRAY[v_reason], ARRAY[v_tid]) END;
END $$;
COMMENT ON FUNCTION o365_internal.card_failed(bigint, bigint, bigint, text, integer, text) IS
    'The first card of a lane did not reach its end: decides between a later try, giving up, suspending the webhook and calling it gone. Returns '
    'how many cards ended, 0 or 1.';
