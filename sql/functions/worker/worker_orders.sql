CREATE OR REPLACE FUNCTION o365_internal.worker_orders(worker integer, environment text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN jsonb_build_object('worker', $1,
        'described', (SELECT w.key_ids IS NOT NULL FROM o365_internal.worker AS w WHERE w.worker_id = $1),
        'others', (SELECT count(*) FROM o365_internal.living_workers($2) AS l WHERE l <> $1),
        'sends', o365_internal.text_setting('environment') = $2 AND o365_internal.copied() IS NULL,
        'why', CASE WHEN o365_internal.text_setting('environment') <> $2 THEN format(
            'this worker is configured for environment %s, the database for %s: cards leave only where both say the '
            'same. If this database is %s: select o365.this_is(%L)',
            $2, o365_internal.text_setting('environment'), $2, $2)
            ELSE o365_internal.copied() || format('. Nothing is sent until you say what it is: select o365.this_is(%L)',
                                                  $2) END,
        'lease_ms', o365_internal.integer_setting('lease_seconds') * 1000,
        'post_timeout_ms', o365_internal.integer_setting('post_timeout_seconds') * 1000,
        'public_url', o365_internal.text_setting('public_url'),
        'adaptive_card_version', nullif(o365_internal.text_setting('adaptive_card_version'), 'auto'),
        'rules', (SELECT jsonb_agg(jsonb_build_object('rule_id', r.rule_id, 'name', r.name, 'dialect', r.dialect,
                    'status_from', r.status_from, 'status_to', r.status_to, 'body_pattern', r.body_pattern,
                    'outcome', r.outcome) ORDER BY r.rule_id)
                    FROM o365_internal.response_rule AS r),
        'hosts', (SELECT coalesce(jsonb_agg(jsonb_build_object('dialect', h.dialect, 'host', h.host,
                    'subdomains', h.subdomains, 'port', h.port,
                    'far_end', o365_internal.entry_of_host(CASE WHEN h.subdomains THEN 'any.' || h.host
                                                                ELSE h.host END))), '[]')
                    FROM o365_internal.webhook_host AS h WHERE h.enabled));
END $$;
COMMENT ON FUNCTION o365_internal.worker_orders(integer, text) IS
    'All that a worker has to know, in one answer: what worker_start and worker_heartbeat return. sends is false, and '
    'why says so in words, for another environment and in a copy of the database. far_end of hosts: the entry under '
    'which their transfers are counted.';
