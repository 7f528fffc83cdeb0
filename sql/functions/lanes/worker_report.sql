CREATE OR REPLACE FUNCTION o365_programs.worker_report(
    worker integer, subs bigint[], leases bigint[], positions bigint[], outcomes text[], rule_ids integer[],
    http_statuses integer[], retry_after_s integer[], took_ms integer[], problems text[],
    lane_subs bigint[], lane_leases bigint[], releases boolean[], secret_versions integer[],
    OUT ended integer, OUT busy bigint[], OUT known integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    c_ends CONSTANT text[] := '{delivered,accepted,dead,cancelled,expired,superseded,digested}';
    v_held bigint[];
    v_held_tid tid[];
    v_held_lease bigint[];
    v_trying bigint[];        -- the cards that those lanes tried before, and when they, and any other card, were first
                              -- claimed
    v_tried timestamptz[];
    v_claimed timestamptz[];
    v_posts bigint[];         -- what is written beside each POST of theirs
    v_connector integer[];
    v_retried timestamptz[];  -- when a card of theirs was last posted without an end
    v_any_retried boolean;
    v_reported timestamptz[];  -- when they were claimed, where an earlier report of the lease brought POSTs
    v_before bigint[];        -- the number of a lane's POST is this and its place in the arrays
    v_no bigint[];            -- where that is not so: its place among its lane's POSTs
    v_released boolean[];
    v_version integer[];      -- of the webhooks that their cards were posted to
    v_renewed bigint[] := '{}';  -- lanes that have another webhook by now
    v_named bigint;
    v_s bigint[];
    v_p bigint[];
    v_n bigint[];
    v_posted bigint[];        -- numbers of their POSTs, and of those that ended no card
    v_again bigint[];
    v_again_no bigint[];
    v_outcome text[];
    v_expected bigint;
    v_cards bigint[];
    v_unclear integer[];      -- of the items that end as dead or expired: how often they had no clear answer before
    v_today date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
    v_item record;
BEGIN
    ended := 0;
    known := 0;
    busy := '{}';
    -- Lanes that are still leased to this worker under this number; a late report of anything else changes nothing.
    SELECT array_agg(d.s) FILTER (WHERE locked.tid IS NOT NULL),
           array_agg(locked.tid) FILTER (WHERE locked.tid IS NOT NULL),
           array_agg(d.l) FILTER (WHERE locked.tid IS NOT NULL), array_agg(d.r) FILTER (WHERE locked.tid IS NOT NULL),
           array_agg(locked.trying) FILTER (WHERE locked.tid IS NOT NULL),
           array_agg(locked.tried) FILTER (WHERE locked.tid IS NOT NULL),
           array_agg(locked.claimed) FILTER (WHERE locked.tid IS NOT NULL),
           array_agg(d.v) FILTER (WHERE locked.tid IS NOT NULL),
           array_agg(locked.posts) FILTER (WHERE locked.tid IS NOT NULL),
           array_agg(locked.connector_id) FILTER (WHERE locked.tid IS NOT NULL),
           array_agg(locked.retried_at) FILTER (WHERE locked.tid IS NOT NULL),
           array_agg(locked.reported) FILTER (WHERE locked.tid IS NOT NULL), count(*)
      INTO v_held, v_held_tid, v_held_lease, v_released, v_trying, v_tried, v_claimed, v_version,
           v_posts, v_connector, v_retried, v_reported, v_named
      FROM (SELECT u.s, u.l, bool_or(u.r) AS r, min(u.v) AS v
              FROM unnest(lane_subs, lane_leases, releases, secret_versions) AS u(s, l, r, v)
             GROUP BY u.s, u.l ORDER BY u.s) AS d
      LEFT JOIN LATERAL (SELECT la.ctid AS tid, coalesce(la.trying, 0) AS trying,
                                coalesce(la.tried_at, la.claimed_at, now()) AS tried,
                                coalesce(la.claimed_at, now()) AS claimed, la.posts, la.connector_id, la.retried_at,
                                CASE WHEN la.last_post_at >= la.claimed_at THEN la.claimed_at END AS reported
                           FROM o365_internal.lane AS la
                          WHERE la.subscription_id = d.s AND la.lease_no = d.l AND la.worker = worker_report.worker
                          FOR UPDATE SKIP LOCKED) AS locked ON true;
    IF coalesce(cardinality(v_held), 0) < v_named THEN
        -- Still ours, but locked by another transaction: reported again later, so that nobody else waits for it.
        busy := ARRAY(SELECT DISTINCT u.s FROM unnest(lane_subs, lane_leases) AS u(s, l)
                       WHERE u.s <> ALL (coalesce(v_held, '{}'))
                         AND EXISTS (SELECT 1 FROM o365_internal.lane AS la WHERE la.subscription_id = u.s
                                        AND la.lease_no = u.l AND la.worker = worker_report.worker));
    END IF;
    IF v_held IS NOT NULL AND NOT outcomes <@ '{delivered,accepted}' THEN
        -- (!) Under the lanes' locks, which a renewal takes first.
        -- What an older webhook answered says nothing about this one.
        v_renewed := ARRAY(SELECT h.s FROM unnest(v_held, v_version) AS h(s, v)
                            CROSS JOIN LATERAL (SELECT su.secret_version FROM o365_internal.subscription AS su
                                                 WHERE su.subscription_id = h.s LIMIT 1) AS x
                            WHERE x.secret_version <> h.v);
    END IF;
    IF v_held IS NOT NULL THEN
        -- What comes again has its number. Its card is not there any more: a lane that only goes on has all of its.
        IF array_remove(v_reported, NULL) <> '{}'
           AND EXISTS (SELECT FROM unnest(subs, positions) AS u(s, p)
                        WHERE NOT EXISTS (SELECT FROM o365_internal.outbox AS o
                                           WHERE o.subscription_id = u.s AND o.position = u.p)) THEN
            v_posts := ARRAY(SELECT h.posts - CASE WHEN h.at IS NULL THEN 0 ELSE o365_internal.repeated_posts(
                                        worker_report.worker, h.s, h.l, h.at, subs, leases, positions, took_ms) END
                               FROM unnest(v_held, v_held_lease, v_posts, v_reported) WITH ORDINALITY
                                    AS h(s, l, posts, at, n) ORDER BY h.n);
        END IF;
        v_any_retried := array_position(v_retried, NULL) IS NULL OR array_remove(v_retried, NULL) <> '{}';
        IF array_position(took_ms, NULL) IS NULL
           AND cardinality(lane_subs) = (SELECT count(DISTINCT u) FROM unnest(lane_subs) AS u) THEN
            -- Nearly always: all are POSTs, and those of a lane stand together.
            SELECT array_agg(f.s), array_agg(f.n) INTO v_s, v_n
              FROM (SELECT x.s, min(x.n) AS n FROM unnest(subs) WITH ORDINALITY AS x(s, n)
                     GROUP BY x.s ORDER BY x.s) AS f;
            v_before := ARRAY(SELECT h.posts + 1 - v_n[width_bucket(h.s, v_s)]
                                FROM unnest(v_held, v_posts) AS h(s, posts));
        ELSE
            v_no := ARRAY(SELECT w.no FROM (SELECT x.n, count(x.took) OVER (PARTITION BY x.s, x.l ORDER BY x.n) AS no
                                              FROM unnest(subs, leases, took_ms) WITH ORDINALITY
                                                   AS x(s, l, took, n)) AS w
                           ORDER BY w.n);
        END IF;
        IF outcomes && '{dead,expired}' THEN
            v_unclear := ARRAY(SELECT CASE WHEN u.outcome IN ('dead', 'expired')
                                           THEN o365_internal.unclear_posts(u.s, u.p) ELSE 0 END
                                 FROM unnest(subs, positions, outcomes) WITH ORDINALITY AS u(s, p, outcome, n)
                                ORDER BY u.n);
            problems := ARRAY(SELECT o365_internal.with_doubt(u.problem, u.unclear)
                                FROM unnest(problems, v_unclear) WITH ORDINALITY AS u(problem, unclear, n)
                               ORDER BY u.n);
            PERFORM o365_internal.keep_reported(v_held, v_held_lease, subs, leases, positions,
                ARRAY(SELECT CASE WHEN u.outcome = 'dead' AND u.unclear > 0 THEN 'in_doubt'
                                  WHEN u.outcome IN ('dead', 'expired') THEN u.outcome END
                        FROM unnest(outcomes, v_unclear) WITH ORDINALITY AS u(outcome, unclear, n) ORDER BY u.n));
        END IF;
        -- One look at each card, then its history: a delivery for every end, with the POST that made it, an attempt for
        -- every other POST. A card that another worker ended since is not there any more; its lane would not be held.
        -- Of one lane's items only those of the lease that is held count: a report may name an older one beside it.
        WITH item AS MATERIALIZED (
            SELECT u.s, u.l, u.p, u.n, u.rule_id, u.status, u.retry_after, u.took, u.problem, t.*,
                   -- What is refused may have been shown by an earlier POST.
                   CASE WHEN u.outcome = 'dead' AND v_unclear[u.n::integer] > 0 THEN 'in_doubt'
                        ELSE u.outcome END AS outcome,
                   CASE WHEN v_trying[h.i] = u.p THEN v_tried[h.i] ELSE v_claimed[h.i] END AS claimed_at,
                   v_connector[h.i] AS connector_id,
                   CASE WHEN v_no IS NULL THEN v_before[h.i] + u.n
                        WHEN u.took IS NOT NULL THEN v_posts[h.i] + v_no[u.n::integer] END AS post_no,
                   v_any_retried AND t.enqueued_at <= v_retried[h.i] AS was_tried,
                   u.outcome = ANY (c_ends) AS ends
              FROM unnest(subs, leases, positions, outcomes, rule_ids, http_statuses, retry_after_s, took_ms, problems)
                   WITH ORDINALITY AS u(s, l, p, outcome, rule_id, status, retry_after, took, problem, n)
              -- v_held is in order: a look-up halves it.
              CROSS JOIN LATERAL (SELECT width_bucket(u.s, v_held) AS i OFFSET 0) AS h
              CROSS JOIN LATERAL (SELECT o.ctid AS tid, o.card_id, o.event, o.enqueued_at FROM o365_internal.outbox AS o
                                   WHERE o.subscription_id = u.s AND o.position = u.p LIMIT 1) AS t
             WHERE v_held[h.i] = u.s AND v_held_lease[h.i] = u.l),
        tried AS (
            INSERT INTO o365_internal.attempt (card_id, subscription_id, connector_id, post_no, lease_no, worker,
                                               outcome, rule_id, http_status, retry_after_s, took_ms, problem)
            SELECT i.card_id, i.s, i.connector_id, i.post_no, i.l, worker_report.worker, i.outcome, i.rule_id,
                   i.status, i.retry_after, i.took, i.problem
              FROM item AS i WHERE i.took IS NOT NULL AND NOT i.ends RETURNING subscription_id AS s, post_no AS no),
        ending AS MATERIALIZED (
            SELECT DISTINCT ON (i.tid) i.* FROM item AS i WHERE i.ends ORDER BY i.tid),
        gone AS (DELETE FROM o365_internal.outbox AS o
                  WHERE o.ctid = ANY (ARRAY(SELECT e.tid FROM ending AS e))),   -- (!) by ctid: a join flips
        kept AS (
            INSERT INTO o365_internal.delivery (card_id, subscription_id, connector_id, outcome, reason, event,
                                                enqueued_at, claimed_at, lease_no, worker, rule_id, http_status,
                                                retry_after_s, took_ms, post_no, unordered, was_aside, attempts)
            SELECT e.card_id, e.s, e.connector_id, e.outcome, e.problem, e.event, e.enqueued_at,
                   -- When a worker first had it.
                   coalesce(CASE WHEN e.was_tried THEN (SELECT a.tried_at FROM o365_internal.set_aside AS a
                                                         WHERE a.subscription_id = e.s AND a.position = e.p) END,
                            e.claimed_at),
                   e.l, worker_report.worker, e.rule_id, e.status, e.retry_after, e.took, e.post_no,
                   nullif(e.p < 0, false),
                   CASE WHEN e.was_tried THEN (SELECT nullif(a.is_aside, false) FROM o365_internal.set_aside AS a
                                                WHERE a.subscription_id = e.s AND a.position = e.p) END,
                   -- A card that came after the last one that was tried again has no other POST.
                   CASE WHEN e.was_tried THEN (SELECT count(*) FROM o365_internal.attempt AS a
                                                WHERE a.card_id = e.card_id AND a.at >= e.enqueued_at) ELSE 0 END
                   + (e.took IS NOT NULL)::integer FROM ending AS e)
        SELECT array_agg(e.s), array_agg(e.p), array_agg(e.n), array_agg(e.outcome), array_agg(e.post_no), count(*),
               (SELECT array_agg(t.s) FROM tried AS t), (SELECT array_agg(t.no) FROM tried AS t),
               -- Of none where all have arrived, as nearly always.
               array_agg(e.card_id) FILTER (WHERE e.outcome IN ('dead', 'in_doubt', 'cancelled', 'expired')
                                          AND e.p >= o365_internal.tests_below())
          INTO v_s, v_p, v_n, v_outcome, v_posted, ended, v_again, v_again_no, v_cards FROM ending AS e;
        IF v_cards IS NOT NULL THEN
            PERFORM o365_internal.note_cards(array_agg(u.s), v_cards, array_agg(u.outcome), array_agg(problems[u.n]))
               FROM unnest(v_s, v_p, v_n, v_outcome) AS u(s, p, n, outcome)
              WHERE u.outcome IN ('dead', 'in_doubt', 'cancelled', 'expired') AND u.p >= o365_internal.tests_below();
        END IF;
        WITH done AS MATERIALIZED (
            SELECT u.s, array_agg(u.p) AS ps, max(u.p) AS last,
                   max(u.n) FILTER (WHERE u.outcome IN ('delivered', 'accepted')) AS arrived,
                   array_agg(u.n) FILTER (WHERE u.outcome = 'dead') AS dead, max(u.no) AS posts
              FROM unnest(v_s, v_p, v_n, v_outcome, v_posted) AS u(s, p, n, outcome, no) GROUP BY 1),
        lane AS MATERIALIZED (
            SELECT h.s, h.tid, h.released, la.cursor, la.late, coalesce(d.ps, '{}') AS ps,
                   -- What is counted belongs to the card: one that went before it changes nothing.
                   d.ps IS NULL OR la.trying <> ALL (d.ps) AS keeps,
                   greatest(d.last, la.cursor) AS last, d.arrived IS NOT NULL AS arrived, d.posts,
                   CASE WHEN v_again IS NOT NULL THEN (SELECT max(t.no) FROM unnest(v_again, v_again_no) AS t(s, no)
                                                        WHERE t.s = h.s) END AS again,
                   (SELECT count(*) FROM unnest(d.dead) AS n
                     WHERE n > coalesce(d.arrived, 0) AND h.s <> ALL (v_renewed)) AS dead
            FROM unnest(v_held, v_held_tid, v_released) AS h(s, tid, released)
            CROSS JOIN LATERAL (SELECT x.cursor, x.late, x.trying FROM o365_internal.lane AS x
                                 WHERE x.ctid = h.tid) AS la
            LEFT JOIN LATERAL (SELECT * FROM done WHERE done.s = h.s LIMIT 1) AS d ON true),
        fed AS MATERIALIZED (SELECT f.snap, EXISTS (SELECT 1 FROM o365_internal.handing) AS bulk
                               FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1),
        rest AS MATERIALIZED (
            SELECT l.*, ARRAY(
                SELECT v FROM unnest(l.late) AS v WHERE v <> ALL (l.ps)
                   -- A card whose row an operator has deleted is nobody's any more.
                   AND EXISTS (SELECT 1 FROM o365_internal.outbox AS o WHERE o.subscription_id = l.s AND o.position = v)
                UNION (SELECT o.position FROM o365_internal.outbox AS o
                 WHERE o.subscription_id = l.s AND o.position > l.cursor
                   AND o.position < l.last   -- (!) committed meanwhile, below the new cursor
                   -- (!) What is not fed yet feeding hands over, all of a transaction:
                   -- here its first card may be past already.
                   AND (pg_visible_in_snapshot(o.xid, (SELECT fed.snap FROM fed))
                        OR o.xid = ANY ((SELECT CASE WHEN fed.bulk THEN o365_internal.handed_over(l.s) END
                                           FROM fed)::xid8[]))
                 ORDER BY o.position LIMIT 101)
                ORDER BY 1) AS lt FROM lane AS l)
        UPDATE o365_internal.lane AS la
           SET cursor = CASE WHEN cardinality(r.lt) > 100 THEN r.lt[1] - 1 ELSE r.last END,
               late = CASE WHEN cardinality(r.lt) <= 100 THEN nullif(r.lt, '{}') END,
               worker = CASE WHEN NOT r.released THEN la.worker END,
               lease_until = CASE WHEN NOT r.released THEN la.lease_until END,
               trying = CASE WHEN r.keeps THEN la.trying END,
               tried_at = CASE WHEN r.keeps THEN la.tried_at END,
               failures = CASE WHEN r.keeps THEN la.failures ELSE 0 END,
               failing_since = CASE WHEN r.keeps THEN la.failing_since END,
               unclear = CASE WHEN r.keeps THEN la.unclear ELSE 0 END,
               throttles = CASE WHEN r.ps = '{}' THEN la.throttles ELSE 0 END,
               throttled_since = CASE WHEN r.ps = '{}' THEN la.throttled_since END,
               gone_since = CASE WHEN r.ps = '{}' THEN la.gone_since END,
               useless_since = CASE WHEN r.ps = '{}' THEN la.useless_since END,
               posted_on = CASE WHEN r.arrived THEN v_today ELSE la.posted_on END,
               dead_in_a_row = CASE WHEN r.arrived THEN 0 ELSE la.dead_in_a_row END + r.dead::integer,
               unclear_in_a_row = CASE WHEN r.arrived THEN 0 ELSE la.unclear_in_a_row END,
               blocked = CASE WHEN r.ps = '{}' THEN la.blocked END,
               blocked_since = CASE WHEN r.ps = '{}' THEN la.blocked_since END,
               problem = CASE WHEN r.keeps THEN la.problem END,
               posts = greatest(la.posts, r.posts, r.again),
               granted = la.granted - (greatest(la.posts, r.posts, r.again) - la.posts)::integer,
               last_post_at = CASE WHEN r.posts IS NULL AND r.again IS NULL THEN la.last_post_at
                                   ELSE clock_timestamp() END,
               retried_at = CASE WHEN r.again IS NULL THEN la.retried_at ELSE clock_timestamp() END,
               -- What went before a pause or a schedule ends neither.
               not_before = CASE WHEN r.ps = '{}' OR la.why = 'pause' OR la.lease_below IS NOT NULL
                                 THEN la.not_before END,
               why = CASE WHEN r.ps = '{}' OR la.why = 'pause' OR la.lease_below IS NOT NULL THEN la.why END,
               next_at = CASE WHEN NOT r.released THEN la.next_at
                              WHEN o365_internal.passes_wait(r.s, la.why, CASE WHEN cardinality(r.lt) > 100
                                                             THEN r.lt[1] - 1 ELSE r.last END, r.lt)
                              THEN clock_timestamp()
                              WHEN la.why IS DISTINCT FROM 'pause' AND (r.lt <> '{}'
                                   -- What is not fed yet wakes the lane when it is.
                                   OR EXISTS (SELECT 1 FROM o365_internal.outbox AS o
                                               WHERE o.subscription_id = r.s AND o.position > r.last
                                                 AND (pg_visible_in_snapshot(o.xid, (SELECT fed.snap FROM fed))
                                                      OR o.xid = ANY ((SELECT
                                                             CASE WHEN fed.bulk THEN o365_internal.handed_over(r.s) END
                                                               FROM fed)::xid8[]))))
                              THEN greatest(clock_timestamp(), CASE WHEN r.ps = '{}' OR la.lease_below IS NOT NULL
                                                                    THEN la.not_before END) END
          FROM rest AS r WHERE la.ctid = r.tid;
        IF EXISTS (SELECT FROM o365_internal.host AS h WHERE h.suspects IS NOT NULL) THEN
            PERFORM o365_internal.far_ends_answered(subs, http_statuses);
        END IF;
        PERFORM o365_internal.quota_settle(v_held, v_held_lease, v_released);
        -- Few: lanes whose last card did not reach its end. One that has another webhook by now is due at once and was
        -- not charged; a lost answer is the card's: it may have been shown.
        FOR v_item IN
            SELECT u.s, u.l, u.p, u.outcome, u.status, u.retry_after, u.problem
              FROM unnest(subs, leases, positions, outcomes, http_statuses, retry_after_s, problems)
                   AS u(s, l, p, outcome, status, retry_after, problem)
             WHERE v_held_lease[array_position(v_held, u.s)] = u.l
               AND u.outcome <> ALL (c_ends)
               AND (u.outcome = 'in_doubt' OR u.s <> ALL (v_renewed))
        LOOP
            ended := ended + o365_internal.card_failed(v_item.s, v_item.l, v_item.p, v_item.outcome, v_item.status,
                                                       v_item.retry_after, v_item.problem);
        END LOOP;
        PERFORM o365_internal.await_runs(v_held);
    END IF;
    -- Seldom: a report that was committed, but its answer was lost, comes again.
    SELECT count(*) INTO v_expected FROM unnest(subs, outcomes) AS u(s, outcome)
     WHERE u.outcome = ANY (c_ends) AND u.s <> ALL (busy);
    IF ended < v_expected THEN
        SELECT count(*) INTO known
          FROM unnest(subs, leases, positions, outcomes, http_statuses, took_ms) AS u(s, l, p, outcome, status, took)
         CROSS JOIN LATERAL (SELECT CASE WHEN u.p < o365_internal.tests_below() THEN o365_internal.tests_below() - u.p
                                         WHEN u.p < 0 THEN u.p - o365_internal.tests_below() ELSE u.p END AS id) AS c
         WHERE u.outcome = ANY (c_ends) AND u.s <> ALL (busy)
           AND NOT EXISTS (SELECT 1 FROM unnest(v_s, v_p) AS e(s, p) WHERE e.s = u.s AND e.p = u.p)
           AND CASE WHEN EXISTS (SELECT FROM o365_internal.delivery AS d
                                  WHERE d.card_id = c.id AND d.subscription_id = u.s
                                    AND d.at > now() - interval '1 day')
                      OR EXISTS (SELECT FROM o365_internal.outbox AS o WHERE o.card_id = c.id)
                    THEN EXISTS (SELECT FROM o365_internal.delivery AS d
                                  WHERE d.card_id = c.id AND d.subscription_id = u.s AND d.at > now() - interval '1 day'
                                    AND d.lease_no = u.l AND d.worker = worker_report.worker)
                    -- A card that was scheduled has a place that is the number of none: its POST is known by what
                    -- else was reported of it.
                    ELSE EXISTS (SELECT FROM o365_internal.delivery AS d
                                  WHERE d.subscription_id = u.s AND d.at > now() - interval '1 day'
                                    AND d.lease_no = u.l AND d.worker = worker_report.worker AND d.card_id <> c.id
                                    AND d.took_ms IS NOT DISTINCT FROM u.took
                                    AND d.http_status IS NOT DISTINCT FROM u.status
                                    AND (d.outcome = u.outcome OR d.outcome = 'in_doubt' AND u.outcome = 'dead')) END;
    END IF;
END $$;
COMMENT ON FUNCTION o365_programs.worker_report(integer, bigint[], bigint[], bigint[], text[], integer[], integer[],
                                       integer[], integer[], text[], bigint[], bigint[], boolean[], integer[]) IS
    'Reports claimed lanes: ends cards and writes history, and gives back those lanes that are released, which sets '
    'when they are next due. One element per POST (or end without one) in the arrays up to problems, a card that did '
    'not reach its end last of its lane and only with its release; those of a lane stand together, unless it is named '
    'twice; lane_subs, lane_leases, releases and secret_versions name every lane. ended: how many cards ended. busy: '
    'lanes that another transaction has locked: nothing was done for them, report them again. A lane that is not '
    'leased to this worker under this number any more is left alone, so a report may be repeated. known: how many of '
    'the ends an earlier report of the same lease has brought already. Unknown outcomes count as retry; fault (the '
    'worker cannot make a POST of the card) too, but not against the webhook or its far end; cannot_open and held (its '
    'far end has its share of the transfers if retry_after_s is positive, else something on the worker''s side fails) '
    'ask for another look, after retry_after_s or half a minute, and count as no failure. secret_versions: of the '
    'webhooks that were posted to, null where there was no POST. Where the lane was renewed since, only the cards'' '
    'ends and lost answers count; the lane is due at once.';
