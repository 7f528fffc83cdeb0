CREATE OR REPLACE FUNCTION o365_internal.action_outcome(outcome text, event_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
BEGIN
    -- The card as text: its numbers stay as they are written.
    RETURN coalesce((
        SELECT jsonb_build_object('outcome', action_outcome.outcome, 'event_id', a.event_id, 'status', a.status,
                   'translations', a.translations,
                   'card', o365_internal.with_own_targets(a.card_id, a.card, a.added)::text,
                   'waits', a.waits_until IS NOT NULL,
                   'wait_ms', greatest(0, ceil(1000 * extract(epoch FROM a.waits_until - clock_timestamp()))),
                   'slug', c.slug, 'language', c.language)
          FROM o365_internal.action_call AS a
          JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id
          JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
         WHERE a.event_id = action_outcome.event_id), jsonb_build_object('outcome', action_outcome.outcome));
END $$;
COMMENT ON FUNCTION o365_internal.action_outcome(text, bigint) IS
    'What POST /action answers: outcome, and of a call that was recorded status, translations, card (as text), whether '
    'it waits for o365.answer_action, and for how many milliseconds more.';
