CREATE OR REPLACE FUNCTION o365_internal.explain_end(card_id bigint) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_variable
DECLARE
    v_end record;
    v_said text[] := '{}';
BEGIN
    FOR v_end IN
        SELECT d.subscription_id, d.at, d.outcome, d.reason, d.enqueued_at, d.claimed_at,
               (SELECT r.name FROM o365_internal.response_rule AS r WHERE r.rule_id = d.rule_id) AS rule,
               coalesce(d.attempts, (SELECT count(*) FROM o365_internal.attempt AS x
                                      WHERE x.card_id = d.card_id AND x.at >= d.enqueued_at AND x.at <= d.at)
                                    + (d.took_ms IS NOT NULL)::integer) AS posts
          FROM o365_internal.delivery AS d WHERE d.card_id = explain_end.card_id ORDER BY d.at
    LOOP
        v_said := v_said || format('%s at %s %s%s%s',
            CASE v_end.outcome WHEN 'delivered' THEN 'delivered' WHEN 'accepted' THEN 'accepted by its flow'
                 WHEN 'in_doubt' THEN 'ended in doubt, it may have been shown,' WHEN 'dead' THEN 'not delivered: dead'
                 WHEN 'expired' THEN 'expired' WHEN 'superseded' THEN 'superseded by a newer card'
                 WHEN 'digested' THEN 'put into a digest' WHEN 'cancelled' THEN 'cancelled' ELSE v_end.outcome END,
            o365_internal.moment(v_end.at),
            CASE v_end.posts WHEN 0 THEN 'without a POST'
                 ELSE 'after ' || o365_internal.plural(v_end.posts, 'POST', 'POSTs') END,
            ' by the rule "' || v_end.rule || '"', ': ' || v_end.reason);
        v_said := v_said || format('it waited since %s%s', o365_internal.moment(v_end.enqueued_at),
            ', first taken by a worker at ' || o365_internal.moment(v_end.claimed_at));
        v_said := v_said || coalesce(
            (SELECT format('its content is kept until %s: select o365.retry_card(%s) sends it again',
                           o365_internal.moment(k.at + make_interval(days =>
                               o365_internal.integer_setting('dead_card_days'))), card_id)
               FROM o365_internal.dead_card AS k JOIN o365_internal.subscription AS s USING (subscription_id)
              WHERE k.card_id = explain_end.card_id AND s.status NOT IN ('removed', 'gone', 'retired')
                AND o365_internal.replaced_by(k.subscription_id, k.collapse_key, k.card_id) IS NULL),
            (SELECT format('it was sent again at %s as card %s', o365_internal.moment(e.at), e.detail)
               FROM o365_internal.event AS e
              WHERE e.subscription_id = v_end.subscription_id AND e.at >= v_end.at AND e.kind = 'card_retried'
                AND e.card_id = explain_end.card_id LIMIT 1));
    END LOOP;
    RETURN array_remove(v_said, NULL);
END $$;
COMMENT ON FUNCTION o365_internal.explain_end(bigint) IS
    'How a card ended, and how it is, or was, sent again, sentences without a capital and a full stop; empty when the '
    'history has no end of it.';
