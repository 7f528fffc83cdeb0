CREATE OR REPLACE FUNCTION o365_internal.explain_posts(card_id bigint) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_variable
BEGIN
    RETURN ARRAY(
        SELECT format('a POST at %s: %s%s%s', o365_internal.moment(a.at), a.outcome,
                      ', ' || coalesce(a.problem, 'HTTP ' || a.http_status), ' (the rule "' || r.name || '")')
          FROM (SELECT x.at, x.outcome, x.problem, x.http_status, x.rule_id FROM o365_internal.attempt AS x
                 WHERE x.card_id = explain_posts.card_id ORDER BY x.at DESC LIMIT 5) AS a
          LEFT JOIN o365_internal.response_rule AS r ON r.rule_id = a.rule_id ORDER BY a.at DESC);
END $$;
COMMENT ON FUNCTION o365_internal.explain_posts(bigint) IS
    'The last five POSTs of a card that did not end it, newest first, sentences without a capital and a full stop.';
