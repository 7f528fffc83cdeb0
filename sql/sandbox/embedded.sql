-- Embedded configuration pages: what a client keeps of them, and when their webhooks come into force.

CREATE OR REPLACE FUNCTION o365_programs.sandbox_offer(person text, target_id integer, app_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT o.offered FROM o365_internal.sandbox_target AS t,
           jsonb_array_elements(o365_programs.sandbox_catalog(t.person, t.kind)) AS o (offered)
     WHERE t.target_id = $2 AND t.person = $1 AND t.dialect = 'connector' AND o.offered->>'app_id' = $3::text
       AND o.offered->>'configuration_url' IS NOT NULL $$;
COMMENT ON FUNCTION o365_programs.sandbox_offer(text, integer, uuid) IS
    'A connector with a configuration page, as o365_programs.sandbox_catalog offers it to a person at a place of '
    'theirs; null: it does not.';

CREATE OR REPLACE FUNCTION o365_internal.sandbox_host_and_port(url text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT regexp_replace(lower(substring($1 FROM '^[^:]+://([^/?#]+)') COLLATE "C"), ':443$', '') $$;
COMMENT ON FUNCTION o365_internal.sandbox_host_and_port(text) IS
    'Host, and port unless it is https''s own, of an https URL.';

CREATE OR REPLACE FUNCTION o365_internal.sandbox_settings_problem(offered jsonb, settings jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.problem FROM (
        SELECT 1 AS rank, 'setSettings has to name a contentUrl' AS problem WHERE coalesce($2->>'contentUrl', '') = ''
        UNION ALL
        SELECT 2, format('%s is longer than 2,048 characters', s.key) FROM jsonb_each_text($2) AS s
         WHERE length(s.value) > 2048
        UNION ALL
        SELECT 3, 'contentUrl and removeUrl must be https and lie in a valid domain' FROM jsonb_each_text($2) AS s
         WHERE s.key IN ('contentUrl', 'removeUrl') AND s.value <> ''
           AND NOT (o365_internal.is_https_url(s.value)
                    AND EXISTS (SELECT FROM jsonb_array_elements_text($1->'valid_domains') AS d
                                 WHERE o365_internal.sandbox_host_and_port('https://'
                                     || d) = o365_internal.sandbox_host_and_port(s.value)))
    ) AS p ORDER BY p.rank LIMIT 1 $$;
COMMENT ON FUNCTION o365_internal.sandbox_settings_problem(jsonb, jsonb) IS
    'Why a client does not take the settings of a connector''s page; null: it takes them. The one place of these '
    'rules.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_judge_settings(person text, target_id integer, app_id uuid,
                                                                settings jsonb) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN o.offered IS NULL THEN 'no such connector is offered at this place'
                ELSE o365_internal.sandbox_settings_problem(o.offered, $4) END
      FROM (SELECT o365_programs.sandbox_offer($1, $2, $3) AS offered) AS o $$;
COMMENT ON FUNCTION o365_programs.sandbox_judge_settings(text, integer, uuid, jsonb) IS
    'What setSettings is answered: null for settings (entityId, contentUrl, removeUrl, configName) that could be '
    'saved, or why not.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_draft(person text, target_id integer, app_id uuid, path_hash bytea)
    RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draft_id integer;
BEGIN
    DELETE FROM o365_internal.sandbox_draft AS d WHERE d.created_at <= now() - interval '1 hour';
    INSERT INTO o365_internal.sandbox_draft AS d (path_hash, target_id, app_id)
        SELECT sandbox_draft.path_hash, sandbox_draft.target_id, sandbox_draft.app_id
         WHERE o365_programs.sandbox_offer(sandbox_draft.person, sandbox_draft.target_id,
                                           sandbox_draft.app_id) IS NOT NULL
        RETURNING d.draft_id INTO v_draft_id;
    RETURN v_draft_id;
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_draft(text, integer, uuid, bytea) IS
    'Remembers a webhook that a connector''s page is told, by the hash of its path and query, and returns the number '
    'to save it by within an hour; null: the connector is not offered there. Until it is saved it answers 410.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_configure(person text, target_id integer, app_id uuid,
                                                           draft_id integer, settings jsonb) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_problem text := o365_programs.sandbox_judge_settings(person, target_id, app_id, settings);
BEGIN
    IF v_problem IS NOT NULL THEN
        RETURN v_problem;
    END IF;
    WITH saved AS (
        DELETE FROM o365_internal.sandbox_draft AS d
         WHERE d.draft_id = sandbox_configure.draft_id AND d.target_id = sandbox_configure.target_id
           AND d.app_id = sandbox_configure.app_id
           AND d.created_at > now() - interval '1 hour'
        RETURNING d.path_hash, d.target_id, d.app_id)
    INSERT INTO o365_internal.sandbox_webhook (path_hash, target_id, app_id, settings)
        SELECT s.path_hash, s.target_id, s.app_id, sandbox_configure.settings FROM saved AS s;
    IF NOT FOUND THEN
        RETURN 'the page has to call getSettings, at most an hour before, and a configuration is saved once';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_configure(text, integer, uuid, integer, jsonb) IS
    'Saves a connector''s configuration at a place of a person, with what its page said (entityId, contentUrl, '
    'removeUrl, configName): from now on the webhook that o365_programs.sandbox_draft remembered is in force. Null, '
    'or why nothing was saved.';
