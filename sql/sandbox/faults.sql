-- What webhooks answer: the right thing, a fault, or that the channel is throttled.

CREATE OR REPLACE FUNCTION o365_internal.sandbox_full_window(target_id integer, dialect text) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- office365-connectors.md 4.2 and 4.3.
    v_lengths CONSTANT integer[] := CASE dialect WHEN 'connector' THEN ARRAY[1, 30, 3600, 7200, 86400]
        ELSE ARRAY[300] END;
    v_limits CONSTANT integer[] := CASE dialect WHEN 'connector' THEN ARRAY[4, 60, 100, 150, 1800] ELSE ARRAY[4500] END;
    v_now CONSTANT timestamptz := clock_timestamp();
    v_row o365_internal.sandbox_throttle;
    v_full integer;
BEGIN
    -- Posts to one target wait for each other here; those to others do not.
    SELECT t.* INTO v_row FROM o365_internal.sandbox_throttle AS t WHERE t.target_id = sandbox_full_window.target_id
     FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO o365_internal.sandbox_throttle (target_id) VALUES (sandbox_full_window.target_id)
            ON CONFLICT DO NOTHING;
        SELECT t.* INTO v_row FROM o365_internal.sandbox_throttle AS t WHERE t.target_id = sandbox_full_window.target_id
         FOR UPDATE;
    END IF;
    FOR i IN 1 .. cardinality(v_lengths) LOOP
        IF v_row.started[i] IS NULL OR v_row.started[i] + make_interval(secs => v_lengths[i]) <= v_now THEN
            v_row.started[i] := v_now;
            v_row.used[i] := 0;
        ELSIF v_row.used[i] >= v_limits[i] AND v_full IS NULL THEN
            v_full := v_lengths[i];
        END IF;
    END LOOP;
    IF v_full IS NULL THEN
        UPDATE o365_internal.sandbox_throttle AS t
           SET started = v_row.started, used = (SELECT array_agg(u + 1) FROM unnest(v_row.used) AS u)
         WHERE t.target_id = sandbox_full_window.target_id;
    END IF;
    RETURN v_full;
END $$;
COMMENT ON FUNCTION o365_internal.sandbox_full_window(integer, text) IS
    'Counts a post against the windows of its target and returns null; or the length in seconds of the first that is '
    'full, and counts nothing. Windows are fixed: each begins with the first post after the last one ended.';

CREATE OR REPLACE FUNCTION o365_internal.sandbox_fault_for(target_id integer, webhook_id integer, OUT answer text,
                                                           OUT pace text, OUT retry_after integer)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_fault o365_internal.sandbox_fault;
BEGIN
    SELECT f.* INTO v_fault FROM o365_internal.sandbox_fault AS f
     WHERE f.target_id IN (0, sandbox_fault_for.target_id) AND f.webhook_id IN (0, sandbox_fault_for.webhook_id)
       AND coalesce(f.remaining, 1) > 0
     ORDER BY f.target_id DESC, f.webhook_id DESC LIMIT 1;
    IF NOT FOUND OR v_fault.rate <= random() * 100 THEN
        RETURN;
    END IF;
    IF v_fault.remaining IS NOT NULL OR cardinality(v_fault.answers) > 1 THEN
        -- Of posts that come at the same moment, exactly as many as asked for take one, and each takes the next of the
        -- pattern.
        UPDATE o365_internal.sandbox_fault AS f SET remaining = f.remaining - 1, position = f.position + 1
         WHERE f.target_id = v_fault.target_id AND f.webhook_id = v_fault.webhook_id AND coalesce(f.remaining, 1) > 0
             RETURNING f.* INTO v_fault;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        answer := v_fault.answers[1 + (v_fault.position - 1) % cardinality(v_fault.answers)];
    ELSE
        answer := v_fault.answers[1];
    END IF;
    retry_after := CASE WHEN answer <> 'ok' THEN v_fault.retry_after END;
    pace := CASE WHEN answer IN ('slow', 'late', 'slow-answer') THEN answer END;
    answer := CASE WHEN pace IS NULL THEN nullif(answer, 'ok') END;
END $$;
COMMENT ON FUNCTION o365_internal.sandbox_fault_for(integer, integer) IS
    'The fault that this post takes, a webhook''s own before its target''s before that of all: the answer instead of '
    'the right one (null: none), or a pace for the right one.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_sweep() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_keep CONSTANT bigint := (SELECT s.value FROM o365_internal.sandbox_setting AS s WHERE s.name = 'keep_posts');
    v_bytes CONSTANT bigint := (SELECT s.value::bigint * 1000000 FROM o365_internal.sandbox_setting AS s
                                 WHERE s.name = 'keep_megabytes');
    v_last bigint;
    v_dropped bigint;
BEGIN
    -- One at a time is enough.
    IF NOT pg_try_advisory_xact_lock(hashtext('o365_programs.sandbox_sweep')) THEN
        RETURN 0;
    END IF;
    -- The newest that goes: as many newer ones stay, or as many bytes of them.
    SELECT n.post_id INTO v_last
      FROM (SELECT p.post_id, row_number() OVER w AS posts,
              sum(p.bytes) FILTER (WHERE p.card IS NOT NULL) OVER w AS bytes
              FROM o365_internal.sandbox_post AS p WINDOW w AS (ORDER BY p.post_id DESC) LIMIT v_keep + 1) AS n
     WHERE n.posts > v_keep OR n.bytes > v_bytes ORDER BY n.post_id DESC LIMIT 1;
    DELETE FROM o365_internal.sandbox_action AS a WHERE a.post_id <= v_last;
    DELETE FROM o365_internal.sandbox_post AS p WHERE p.post_id <= v_last;
    GET DIAGNOSTICS v_dropped = ROW_COUNT;
    RETURN v_dropped;
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_sweep() IS
    'Drops the oldest posts, from feed and log, and what was pressed in them: the newest keep_posts stay, as long as '
    'the bodies kept have no more than keep_megabytes. Returns how many went; 0 also while another session drops '
    'some. Every thousandth post calls it.';

CREATE OR REPLACE FUNCTION o365_internal.sandbox_note_post(target_id integer, webhook_id integer, flow_id integer,
    answered text, pace text, throttled integer,
    bytes integer, note text, card text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_post_id bigint;
BEGIN
    -- Numbers are given in another order than they become visible: o365_programs.sandbox_settled waits for who holds
    -- this.
    PERFORM pg_advisory_xact_lock_shared(hashtext('o365_programs.sandbox_post'));
    INSERT INTO o365_internal.sandbox_post AS p (target_id, webhook_id, flow_id, answered, pace, throttled, bytes, note,
                                                 card)
        VALUES (sandbox_note_post.target_id, sandbox_note_post.webhook_id, sandbox_note_post.flow_id,
                sandbox_note_post.answered, sandbox_note_post.pace,
                sandbox_note_post.throttled, sandbox_note_post.bytes, sandbox_note_post.note,
                CASE WHEN sandbox_note_post.bytes <= 65536 THEN sandbox_note_post.card END) RETURNING p.post_id
                    INTO v_post_id;
    IF v_post_id % 1000 = 0 THEN
        PERFORM o365_programs.sandbox_sweep();
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.sandbox_note_post(integer, integer, integer, text, text, integer, integer, text,
    text) IS
    'Puts a request into the log, and so into the feed; the parameters are the columns. Of a body over 64 KB, twice '
    'what either kind of webhook shows, the length alone stays: the feed draws fifty at a time. Every thousandth '
    'drops the oldest.';

CREATE OR REPLACE FUNCTION o365_internal.sandbox_answer(target_id integer, webhook o365_internal.sandbox_webhook,
    flow o365_internal.sandbox_flow, body text,
    bytes integer, judged text, envelope_note text, card_note text, otherwise text,
    OUT answer text, OUT pace text, OUT retry_after integer, OUT response_seconds integer, OUT response_body text)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_window integer;
    v_note text;
    v_is_workflow CONSTANT boolean := flow.flow_id IS NOT NULL;
    v_fault record := o365_internal.sandbox_fault_for(target_id, webhook.webhook_id);
BEGIN
    answer := v_fault.answer;
    pace := v_fault.pace;
    retry_after := v_fault.retry_after;
    IF answer IS NULL THEN
        IF flow.state = 'deleted' THEN
            answer := 'workflow-not-found';
        ELSIF flow.state <> 'on' THEN
            answer := 'workflow-not-enabled';
        ELSIF flow.callers = 'tenant' THEN
            answer := CASE otherwise WHEN '401-claims' THEN otherwise ELSE '401-direct-api' END;
        ELSIF webhook.old_key THEN
            answer := '401-bad-signature';
        ELSIF webhook.removed_at IS NOT NULL THEN
            answer := CASE WHEN v_is_workflow THEN otherwise ELSE '410' END;
        ELSE
            IF (SELECT coalesce((SELECT t.is_on FROM o365_internal.sandbox_throttle AS t
                                  WHERE t.target_id = sandbox_answer.target_id),
                                (SELECT t.is_on FROM o365_internal.sandbox_throttle AS t WHERE t.target_id = 0))) THEN
                v_window := o365_internal.sandbox_full_window(target_id, CASE WHEN v_is_workflow THEN 'workflow'
                                                              ELSE 'connector' END);
            END IF;
            -- A trigger takes any JSON; what the flow makes of it nobody tells the sender.
            answer := CASE WHEN v_window IS NOT NULL THEN CASE WHEN v_is_workflow THEN '429' ELSE '429-in-200' END
                           WHEN v_is_workflow AND judged IN ('400-text', '400-in-200', '413-in-200') THEN 'ok'
                               ELSE judged END;
        END IF;
    END IF;
    IF v_is_workflow AND answer = 'ok' THEN
        IF flow.payload = 'recipient' AND coalesce(body::json->>'recipient', '') = '' THEN
            envelope_note := 'Action ''Post_card_in_a_chat_or_channel'' failed: the parameter ''recipient'' is empty: '
                             'the body has no text of that name.';
        END IF;
        v_note := o365_internal.sandbox_run(flow, envelope_note, card_note);
        response_seconds := flow.response_seconds;
        -- A run that fails does not get as far as its Response step.
        IF response_seconds IS NOT NULL AND v_note IS NOT NULL THEN
            answer := '502';
        ELSIF response_seconds IS NOT NULL THEN
            response_body := coalesce(flow.response_body, '');
        END IF;
    END IF;
    PERFORM o365_internal.sandbox_note_post(target_id, webhook.webhook_id, flow.flow_id, answer, pace, v_window, bytes,
                                            v_note, body);
END $$;
COMMENT ON FUNCTION o365_internal.sandbox_answer(integer, o365_internal.sandbox_webhook, o365_internal.sandbox_flow,
    text, integer, text, text, text, text) IS
    'Notes a post to a target, through a webhook (null: from the playground) and by a workflow (null: a '
    'connector''s), runs the workflow, and says how to answer, and how fast: pace is slow, late, slow-answer or null; '
    'response_seconds is when the Response step of the workflow answers, or would have, null without one; '
    'response_body is its answer, null when it was not reached. The other parameters are those of '
    'o365_programs.sandbox_receive.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_receive(path_hash bytea, body text, bytes integer, judged text,
    envelope_note text, card_note text, otherwise text,
    workflow_id text DEFAULT NULL)
RETURNS TABLE (dialect text, answer text, pace text, retry_after integer, response_seconds integer, response_body text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_webhook o365_internal.sandbox_webhook;
    v_flow o365_internal.sandbox_flow;
    v_dialect text;
    v_target_id integer;
    v_answer record;
BEGIN
    SELECT w.* INTO v_webhook FROM o365_internal.sandbox_webhook AS w WHERE w.path_hash = sandbox_receive.path_hash;
    IF NOT FOUND THEN
        SELECT d.target_id INTO v_target_id FROM o365_internal.sandbox_draft AS d
         WHERE d.path_hash = sandbox_receive.path_hash;
        IF FOUND AND judged NOT IN ('get', 'other-method') THEN
            PERFORM o365_internal.sandbox_note_post(v_target_id, NULL, NULL, '410', NULL, NULL, bytes, NULL, NULL);
            RETURN QUERY SELECT 'connector', '410', NULL, NULL::integer, NULL::integer, NULL;
            RETURN;
        END IF;
        -- A workflow that there is, with another signature.
        IF otherwise = 'workflow-not-found' THEN
            SELECT f.* INTO v_flow FROM o365_internal.sandbox_flow AS f
             WHERE f.workflow_id = sandbox_receive.workflow_id AND f.state <> 'deleted';
            IF FOUND THEN
                PERFORM o365_internal.sandbox_note_post(NULL, NULL, v_flow.flow_id, '401-bad-signature', NULL, NULL,
                                                        bytes, NULL, NULL);
                RETURN QUERY SELECT 'workflow', '401-bad-signature', NULL, NULL::integer, NULL::integer, NULL;
                RETURN;
            END IF;
        END IF;
        PERFORM o365_internal.sandbox_note_post(NULL, NULL, NULL, otherwise, NULL, NULL, bytes, NULL, NULL);
        RETURN;
    END IF;
    SELECT f.* INTO v_flow FROM o365_internal.sandbox_flow AS f WHERE f.flow_id = v_webhook.flow_id;
    v_dialect := CASE WHEN v_flow.flow_id IS NULL THEN 'connector' ELSE 'workflow' END;
    IF judged IN ('get', 'other-method') THEN
        PERFORM o365_internal.sandbox_note_post(v_webhook.target_id, v_webhook.webhook_id, v_flow.flow_id, judged, NULL,
                                                NULL, bytes, NULL, NULL);
        RETURN QUERY SELECT v_dialect, judged, NULL, NULL::integer, NULL::integer, NULL;
        RETURN;
    END IF;
    v_answer := o365_internal.sandbox_answer(v_webhook.target_id, v_webhook, v_flow, body, bytes, judged, envelope_note,
                                             card_note, otherwise);
    RETURN QUERY SELECT v_dialect, v_answer.answer, v_answer.pace, v_answer.retry_after, v_answer.response_seconds,
        v_answer.response_body;
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_receive(bytea, text, integer, text, text, text, text, text) IS
    'A request to a webhook: notes it and says how to answer, as judged (the right answer), as a fault says, or as '
    'the throttle does, at what pace, and of a workflow with a Response step when and with what (as '
    'o365_internal.sandbox_answer has it). judged is get for a GET, other-method for what is no POST either; '
    'envelope_note and card_note are what a run trips over in the body, of a workflow that wants the envelope or the '
    'bare card; body is null for one too long to keep. No row: there is no such webhook, and otherwise was noted as '
    'the answer; a workflow''s URL that was removed answers so too. workflow_id is the id in the URL, null when it '
    'has none: a workflow that there is answers another signature with 401-bad-signature. One that a configuration '
    'page was told and nobody has saved answers as a removed one.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_play(target_id integer, body text, judged text, envelope_note text,
                                                      card_note text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_flow o365_internal.sandbox_flow;
    v_answer record;
BEGIN
    PERFORM FROM o365_internal.sandbox_target AS t WHERE t.target_id = sandbox_play.target_id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    v_flow := o365_internal.sandbox_current_flow(target_id);
    IF v_flow.flow_id IS NULL THEN
        PERFORM o365_programs.sandbox_create_flow(target_id);  -- in a channel only
        v_flow := o365_internal.sandbox_current_flow(target_id);
    END IF;
    v_answer := o365_internal.sandbox_answer(target_id, NULL, v_flow, body, octet_length(body), judged, envelope_note,
                                             card_note, NULL);
    RETURN v_answer.answer;
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_play(integer, text, text, text, text) IS
    'A card of the playground, posted as if it had come through a webhook of that target, of a channel by its oldest '
    'workflow that is not deleted; returns the name of the answer, null without such a target.';

CREATE OR REPLACE FUNCTION o365_internal.sandbox_is_switch(target_id integer) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT $1 = 0 OR EXISTS (SELECT FROM o365_internal.sandbox_target AS t WHERE t.target_id = $1) $$;
COMMENT ON FUNCTION o365_internal.sandbox_is_switch(integer) IS
    'Whether faults and throttle can be set for that number: a target, or 0 for all.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_set_fault(target_id integer, answers text[], remaining integer,
    rate integer, retry_after integer,
    webhook_id integer DEFAULT 0) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_target_id integer := target_id;
BEGIN
    IF webhook_id <> 0 THEN
        SELECT w.target_id INTO v_target_id FROM o365_internal.sandbox_webhook AS w
         WHERE w.webhook_id = sandbox_set_fault.webhook_id AND sandbox_set_fault.target_id IN (0, w.target_id);
    END IF;
    IF v_target_id IS NULL OR NOT o365_internal.sandbox_is_switch(v_target_id) THEN
        RETURN false;
    END IF;
    INSERT INTO o365_internal.sandbox_fault AS f (target_id, webhook_id, answers, remaining, rate, retry_after)
        VALUES (v_target_id, sandbox_set_fault.webhook_id, sandbox_set_fault.answers, sandbox_set_fault.remaining,
                sandbox_set_fault.rate,
                sandbox_set_fault.retry_after)
        ON CONFLICT ON CONSTRAINT sandbox_fault_pkey DO UPDATE SET answers = excluded.answers, position = 0,
        remaining = excluded.remaining,
            rate = excluded.rate, retry_after = excluded.retry_after;
    -- The right answer is an exception from a wider fault, and stays as long as there is one.
    DELETE FROM o365_internal.sandbox_fault AS f
     WHERE f.answers = ARRAY['ok'] AND NOT EXISTS (
        SELECT FROM o365_internal.sandbox_fault AS wider
         WHERE wider.answers <> ARRAY['ok'] AND coalesce(wider.remaining, 1) > 0 AND wider.target_id IN (0, f.target_id)
           AND wider.webhook_id = 0
           AND (wider.target_id, wider.webhook_id) <> (f.target_id, f.webhook_id));
    RETURN true;
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_set_fault(integer, text[], integer, integer, integer, integer) IS
    'From now on a target (0: all), or one webhook (then its target, or 0), answers so, one after the other and round '
    'again: for a number of posts or (null) until it is set to ok, and (rate) for that many per cent of posts only. '
    'ok takes it back, also against a wider fault. False: there is no such target or webhook.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_faults()
    RETURNS TABLE (target_id integer, place text, answers text[], remaining integer, rate integer, retry_after integer,
    webhook_id integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.target_id, t.name || ' of ' || t.person, f.answers, f.remaining, f.rate, f.retry_after,
           nullif(f.webhook_id, 0)
      FROM o365_internal.sandbox_fault AS f LEFT JOIN o365_internal.sandbox_target AS t ON t.target_id = f.target_id
     WHERE coalesce(f.remaining, 1) > 0 ORDER BY f.target_id, f.webhook_id $$;
COMMENT ON FUNCTION o365_programs.sandbox_faults() IS
    'Answers that are given instead of the right one; place is null for those of all webhooks, webhook_id for those '
    'of all of a place.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_set_throttle(target_id integer, is_on boolean) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT o365_internal.sandbox_is_switch(target_id) THEN
        RETURN false;
    END IF;
    INSERT INTO o365_internal.sandbox_throttle AS t (target_id, is_on)
        VALUES (sandbox_set_throttle.target_id, sandbox_set_throttle.is_on)
        ON CONFLICT ON CONSTRAINT sandbox_throttle_pkey DO UPDATE SET is_on = excluded.is_on, started = '{}',
        used = '{}';
    UPDATE o365_internal.sandbox_throttle AS t SET started = '{}', used = '{}' WHERE sandbox_set_throttle.target_id = 0
       AND t.target_id <> 0 AND t.is_on IS NULL;
    RETURN true;
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_set_throttle(integer, boolean) IS
    'Switches the throttle of a target (0: of all that have no switch of their own) on or off; null: a target follows '
    'that of all. Its windows, and theirs, begin anew. False: there is no such target.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_throttles()
    RETURNS TABLE (target_id integer, place text, is_on boolean, windows jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.target_id, g.name || ' of ' || g.person, t.is_on,
           (SELECT jsonb_agg(jsonb_build_object('seconds', l.seconds, 'limit', l.most, 'used', CASE
                                                WHEN s.at + make_interval(secs => l.seconds) > clock_timestamp()
               THEN u.n ELSE 0 END)
                             ORDER BY l.i)
              FROM (SELECT * FROM unnest(CASE g.dialect WHEN 'workflow' THEN ARRAY[300]
                                         ELSE ARRAY[1, 30, 3600, 7200, 86400] END,
                                         CASE g.dialect WHEN 'workflow' THEN ARRAY[4500]
                                             ELSE ARRAY[4, 60, 100, 150, 1800] END) WITH ORDINALITY AS l (seconds, most,
                                             i)) AS l
              JOIN unnest(t.started) WITH ORDINALITY AS s (at, i) ON s.i = l.i
                  JOIN unnest(t.used) WITH ORDINALITY AS u (n, i) ON u.i = l.i)
      FROM o365_internal.sandbox_throttle AS t LEFT JOIN o365_internal.sandbox_target AS g ON g.target_id = t.target_id
     ORDER BY t.target_id LIMIT 200 $$;
COMMENT ON FUNCTION o365_programs.sandbox_throttles() IS
    'The switches and the counters: windows lists seconds, limit and used for targets that were posted to while '
    'throttled; place is null for the switch of all.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_settled() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('o365_programs.sandbox_post'));
    RETURN (SELECT coalesce(max(p.post_id), 0) FROM o365_internal.sandbox_post AS p);
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_settled() IS
    'The number up to which no post is still to come: who reads no further and goes on from there misses none. In a '
    'transaction of its own.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_oldest_post() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(min(p.post_id), 0) FROM o365_internal.sandbox_post AS p $$;
COMMENT ON FUNCTION o365_programs.sandbox_oldest_post() IS
    'The number of the oldest post that o365_programs.sandbox_sweep has left; 0: nothing has come.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_log(target_id integer, after bigint, before bigint, newest boolean,
                                                     n integer, answered text, flow_id integer DEFAULT NULL)
RETURNS TABLE (post_id bigint, target_id integer, webhook_id integer, place text, received_at text, answered text,
    pace text, throttled integer, bytes integer,
    note text, flow_id integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.post_id, p.target_id, p.webhook_id, t.name || ' of ' || t.person,
           o365_internal.sandbox_time(p.received_at), p.answered, p.pace, p.throttled, p.bytes, p.note,
           p.flow_id
      FROM o365_internal.sandbox_post AS p LEFT JOIN o365_internal.sandbox_target AS t ON t.target_id = p.target_id
     WHERE ($1 IS NULL OR p.target_id = $1) AND p.post_id > $2 AND p.post_id < $3 AND ($6 IS NULL OR p.answered = $6)
       AND ($7 IS NULL OR p.flow_id = $7)
     ORDER BY CASE WHEN $4 THEN -p.post_id ELSE p.post_id END LIMIT $5 $$;
COMMENT ON FUNCTION o365_programs.sandbox_log(integer, bigint, bigint, boolean, integer, text, integer) IS
    'Requests to webhooks after a number and before another, to a target, with an answer and to a workflow unless '
    'null, newest or oldest first, at most n. Times are this server''s.';
