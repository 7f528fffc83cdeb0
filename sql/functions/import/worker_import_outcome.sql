CREATE OR REPLACE FUNCTION o365_programs.worker_import_outcome(slug text)
RETURNS TABLE (line integer, verdict text, subscription_id bigint, page text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT split_part(v, ':', 1)::integer, split_part(v, ':', 2),
           nullif(split_part(v, ':', 3), '')::bigint,
           o365_internal.text_setting('public_url') || '/connect/' || slug || '/'
      FROM regexp_split_to_table(nullif(current_setting('o365.import_verdicts', true), ''), ' ') AS v;
END $$;
COMMENT ON FUNCTION o365_programs.worker_import_outcome(text) IS
    'What became of the lines that this transaction copied into o365_programs.import, in their order; no row when '
    'there were none. verdict: connected (a new subscription), replaced (a connection of the same user and place has '
    'the webhook now), activated (the same webhook was there and not in use), unchanged (it was in use), to_prove (it '
    'waits for its user''s code); refused were app_user, refused_host, connector_webhook, works (subscription_id is of '
    'the same user and place and works with another webhook, which a proof would stop). page: the connector''s landing '
    'page, to which a ticket is added.';
