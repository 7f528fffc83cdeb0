-- Workflows of a Teams channel: what kind each is, its switches, and what became of each run.

CREATE OR REPLACE FUNCTION o365_internal.sandbox_current_flow(target_id integer) RETURNS o365_internal.sandbox_flow
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT f FROM o365_internal.sandbox_flow AS f WHERE f.target_id = $1 ORDER BY f.state = 'deleted', f.flow_id
     LIMIT 1 $$;
COMMENT ON FUNCTION o365_internal.sandbox_current_flow(integer) IS
    'The workflow of a channel that is meant where none is named: the oldest that is not deleted, else a deleted one. '
    'Null when it never had one.';

CREATE OR REPLACE FUNCTION o365_internal.sandbox_flow_state(flow o365_internal.sandbox_flow) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN ($1).state <> 'on' THEN ($1).state WHEN ($1).callers = 'tenant' THEN 'tenant' ELSE 'on' END $$;
COMMENT ON FUNCTION o365_internal.sandbox_flow_state(o365_internal.sandbox_flow) IS
    'on, off, orphaned, deleted, or tenant when it is on for its tenant alone. Null without a workflow.';

CREATE OR REPLACE FUNCTION o365_internal.sandbox_flow_for(target_id integer) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_flow o365_internal.sandbox_flow := o365_internal.sandbox_current_flow(target_id);
BEGIN
    IF v_flow.flow_id IS NULL OR v_flow.state = 'deleted' THEN
        INSERT INTO o365_internal.sandbox_flow (target_id) VALUES (sandbox_flow_for.target_id) RETURNING * INTO v_flow;
    END IF;
    RETURN v_flow.flow_id;
END $$;
COMMENT ON FUNCTION o365_internal.sandbox_flow_for(integer) IS
    'The oldest workflow of a channel that is not deleted; without one it makes one from the template "Send webhook '
    'alerts to a channel".';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_flows(target_id integer, flow_id integer DEFAULT NULL) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(to_jsonb(f)
               || jsonb_build_object('created_at', o365_internal.sandbox_time(f.created_at), 'is_full',
               f.post_as = 'flow-bot' AND f.limit_used >= 25
                   AND f.limit_started > clock_timestamp() - interval '5 minutes',
               'urls', u.in_force, 'old_urls', u.ended, 'runs', r.runs, 'failed', r.failed, 'refused', r.refused)
                   ORDER BY f.state = 'deleted', f.flow_id), '[]')
      FROM o365_internal.sandbox_flow AS f,
           LATERAL (SELECT count(*) FILTER (WHERE w.removed_at IS NULL) AS in_force,
                      count(*) FILTER (WHERE w.removed_at IS NOT NULL) AS ended
                      FROM o365_internal.sandbox_webhook AS w WHERE w.flow_id = f.flow_id) AS u,
           LATERAL (SELECT count(*) FILTER (WHERE p.note IS NOT NULL OR p.answered = 'ok') AS runs,
                           count(p.note) AS failed,
                           count(*) FILTER (WHERE p.note IS NULL AND p.answered <> 'ok') AS refused
                      FROM o365_internal.sandbox_post AS p WHERE p.flow_id = f.flow_id) AS r
     WHERE f.target_id = $1 AND ($2 IS NULL OR f.flow_id = $2) $$;
COMMENT ON FUNCTION o365_programs.sandbox_flows(integer, integer) IS
    'The workflows of a channel, or one of them: the columns of the table, and is_full (the Flow bot has posted all '
    'it may in these five minutes), urls and old_urls (how many URLs are in force and were), runs, failed and refused '
    '(requests that started no run). Deleted ones come last. An empty array: none.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_create_flow(target_id integer, kind jsonb DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_flow_id integer;
BEGIN
    IF NOT EXISTS (SELECT FROM o365_internal.sandbox_target AS t WHERE t.target_id = sandbox_create_flow.target_id
                      AND t.dialect = 'workflow') THEN
        RETURN NULL;
    END IF;
    IF kind IS NULL THEN
        v_flow_id := o365_internal.sandbox_flow_for(target_id);
    ELSE
        INSERT INTO o365_internal.sandbox_flow AS f (target_id, name, payload, callers, post_as, fails,
                                                     response_seconds, response_body)
            SELECT sandbox_create_flow.target_id,
                   coalesce(k.name, CASE k.payload WHEN 'card' THEN 'Post the whole body as a card'
                            ELSE 'Send webhook alerts to a channel' END),
                   coalesce(k.payload, 'envelope'), coalesce(k.callers, 'anyone'),
                   coalesce(k.post_as, CASE k.fails WHEN 'private-channel' THEN 'flow-bot' ELSE 'user' END), k.fails,
                   k.response_seconds, k.response_body
              FROM jsonb_to_record(kind) AS k (name text, payload text, callers text, post_as text, fails text,
                                               response_seconds integer, response_body text)
            RETURNING f.flow_id INTO v_flow_id;
    END IF;
    RETURN o365_programs.sandbox_flows(target_id, v_flow_id)->0;
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_create_flow(integer, jsonb) IS
    'Makes a workflow in a channel and returns it as o365_programs.sandbox_flows does. kind has name, payload, '
    'callers, post_as, fails, response_seconds and response_body, each as the column of that name has it, or leaves '
    'them out. For a null kind the channel''s oldest workflow that is not deleted is returned, and made when there is '
    'none. Null: there is no such channel. Error: check_violation for a value that is not known.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_set_flow(target_id integer, flow_id integer, change text)
    RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_old o365_internal.sandbox_flow;
BEGIN
    SELECT f.* INTO v_old FROM o365_internal.sandbox_flow AS f
     WHERE f.flow_id = sandbox_set_flow.flow_id AND f.target_id = sandbox_set_flow.target_id AND f.state <> 'deleted'
     FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE o365_internal.sandbox_flow AS f
       SET state = CASE WHEN change IN ('on', 'off', 'orphaned', 'deleted') THEN change ELSE f.state END,
           callers = CASE WHEN change IN ('anyone', 'tenant') THEN change ELSE f.callers END,
           post_as = CASE WHEN change = 'mend' AND f.fails = 'private-channel' THEN 'user' ELSE f.post_as END,
           fails = CASE WHEN change = 'mend' THEN NULL ELSE f.fails END
     WHERE f.flow_id = v_old.flow_id;
    -- Who may trigger it changes its URL, and so does another key (office365-connectors.md section 2).
    IF change IN ('anyone', 'tenant') AND change <> v_old.callers OR change = 'key' THEN
        UPDATE o365_internal.sandbox_webhook AS w SET removed_at = clock_timestamp(), old_key = change = 'key'
         WHERE w.flow_id = v_old.flow_id AND w.removed_at IS NULL;
    END IF;
    RETURN true;
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_set_flow(integer, integer, text) IS
    'Changes a workflow of a channel: on, off, orphaned (its owner leaves) or deleted; anyone or tenant (who can '
    'trigger it); key (the URLs handed out so far answer 401); mend (takes away what makes its runs fail: in a '
    'private channel it posts as its user from now on). After anyone, tenant and key the next URL is another one. '
    'False: the channel has no such workflow, or it was deleted.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_set_workflow(target_id integer, workflow text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_flow o365_internal.sandbox_flow := o365_internal.sandbox_current_flow(target_id);
BEGIN
    IF v_flow.flow_id IS NULL THEN
        v_flow.flow_id := (o365_programs.sandbox_create_flow(target_id)->>'flow_id')::integer;
    END IF;
    IF workflow IN ('on', 'tenant') THEN
        RETURN o365_programs.sandbox_set_flow(target_id, v_flow.flow_id, 'on')
           AND o365_programs.sandbox_set_flow(target_id, v_flow.flow_id, CASE workflow WHEN 'on' THEN 'anyone'
                                              ELSE 'tenant' END);
    END IF;
    RETURN o365_programs.sandbox_set_flow(target_id, v_flow.flow_id, workflow);
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_set_workflow(integer, text) IS
    'Changes the oldest workflow of a channel that is not deleted: on (for anyone), tenant (on, for its tenant '
    'alone), or a change of o365_programs.sandbox_set_flow. False when all are deleted, or it is no channel with '
    'workflows.';

CREATE OR REPLACE FUNCTION o365_internal.sandbox_run(flow o365_internal.sandbox_flow, envelope_note text,
                                                     card_note text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_now CONSTANT timestamptz := clock_timestamp();
    v_note CONSTANT text := CASE flow.payload WHEN 'card' THEN card_note ELSE envelope_note END;
BEGIN
    IF v_note IS NOT NULL THEN
        RETURN v_note;
    ELSIF flow.fails IS NOT NULL THEN
        RETURN CASE flow.fails
            WHEN 'private-channel'
                THEN 'Action ''Post_card_in_a_chat_or_channel'' failed: Forbidden. The Flow bot cannot post in a '
                     'private channel: post as User.'
            WHEN 'connection'
                THEN 'Action ''Post_card_in_a_chat_or_channel'' failed: Unauthorized. The owner''s connection to '
                     'Teams is invalid: its owner has to sign in again.'
            ELSE 'Action ''Post_card_in_a_chat_or_channel'' failed: NotFound. The owner is no member of the team: add '
                 'a co-owner who is.' END;
    ELSIF flow.post_as = 'flow-bot' THEN
        -- Runs of one workflow wait for each other here.
        UPDATE o365_internal.sandbox_flow AS f
           SET limit_started = CASE WHEN f.limit_started > v_now - interval '5 minutes' THEN f.limit_started
               ELSE v_now END,
               limit_used = CASE WHEN f.limit_started > v_now - interval '5 minutes' THEN f.limit_used + 1 ELSE 1 END
         WHERE f.flow_id = flow.flow_id AND NOT (f.limit_started > v_now - interval '5 minutes'
                                                 AND f.limit_used >= 25) IS TRUE;
        IF NOT FOUND THEN
            RETURN 'Action ''Post_card_in_a_chat_or_channel'' failed: TooManyRequests. The Flow bot has posted 25 '
                   'cards within 5 minutes: this one is lost.';
        END IF;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.sandbox_run(o365_internal.sandbox_flow, text, text) IS
    'One run of a workflow, and why it failed; null: the card was posted, and counts against the Flow bot''s 25 in '
    'five minutes. envelope_note and card_note are what a workflow that wants the envelope, or the bare card, trips '
    'over in the body.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_runs(flow_id integer, before bigint, n integer)
RETURNS TABLE (post_id bigint, received_at text, answered text, note text, bytes integer, card text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.post_id, o365_internal.sandbox_time(p.received_at), p.answered, p.note, p.bytes, p.card
      FROM o365_internal.sandbox_post AS p WHERE p.flow_id = $1 AND ($2 IS NULL OR p.post_id < $2)
     ORDER BY p.post_id DESC LIMIT $3 $$;
COMMENT ON FUNCTION o365_programs.sandbox_runs(integer, bigint, integer) IS
    'Requests to a workflow before a number, or all for null, newest first, at most n: note says why the run failed; '
    'one that was not answered ok and has none started no run.';
