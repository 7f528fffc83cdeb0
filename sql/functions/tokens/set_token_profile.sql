CREATE OR REPLACE FUNCTION o365.set_token_profile(
    name text, enabled boolean DEFAULT NULL, metadata_url text DEFAULT NULL, hosts text[] DEFAULT NULL,
    issuers text[] DEFAULT NULL, audiences text[] DEFAULT NULL, client_claims text[] DEFAULT NULL,
    client_ids text[] DEFAULT NULL, scope text DEFAULT NULL, tenants text[] DEFAULT NULL,
    clock_skew interval DEFAULT NULL, presser_claim text DEFAULT NULL, name_claims text[] DEFAULT NULL,
    keep_keys interval DEFAULT NULL, reason text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_old o365_internal.token_profile;
    v_new o365_internal.token_profile;
    v_problems text[];
    v_state text;
BEGIN
    IF name IS NULL OR name !~ '^[a-z][a-z0-9-]{0,39}$' THEN
        RAISE EXCEPTION 'token profile % cannot be named so', quote_nullable(name)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'A name has small letters, digits and hyphens: select name from o365.token_profiles.';
    END IF;
    SELECT p.* INTO v_old FROM o365_internal.token_profile AS p WHERE p.name = set_token_profile.name
       FOR NO KEY UPDATE;
    v_new := v_old;
    v_new.name := name;
    v_new.enabled := coalesce(enabled, v_old.enabled, false);
    v_new.metadata_url := coalesce(metadata_url, v_old.metadata_url);
    v_new.hosts := coalesce(hosts, v_old.hosts);
    v_new.issuers := coalesce(issuers, v_old.issuers);
    v_new.audiences := coalesce(audiences, v_old.audiences);
    v_new.client_claims := coalesce(client_claims, v_old.client_claims, '{azp,appid}');
    v_new.client_ids := coalesce(client_ids, v_old.client_ids);
    v_new.scope := nullif(coalesce(scope, v_old.scope), '');
    v_new.tenants := coalesce(tenants, v_old.tenants, '{}');
    v_new.clock_skew := coalesce(clock_skew, v_old.clock_skew, '5 minutes');
    v_new.presser_claim := coalesce(presser_claim, v_old.presser_claim, 'oid');
    v_new.name_claims := coalesce(name_claims, v_old.name_claims, '{}');
    v_new.keep_keys := coalesce(keep_keys, v_old.keep_keys, '1 day');
    v_problems := o365_internal.token_profile_problems(v_new);
    IF v_problems <> '{}' THEN
        RAISE EXCEPTION 'token profile % cannot be stored', quote_literal(name)
            USING ERRCODE = 'invalid_parameter_value', DETAIL = array_to_string(v_problems, E'\n'),
                  HINT = 'select * from o365.token_profiles shows those that there are.';
    END IF;
    v_state := CASE WHEN v_new.enabled THEN 'on' ELSE 'off' END;
    IF v_new = v_old THEN
        RETURN v_state;
    END IF;
    INSERT INTO o365_internal.token_profile AS p (name, enabled, metadata_url, hosts, issuers, audiences,
            client_claims, client_ids, scope, tenants, clock_skew, presser_claim, name_claims, keep_keys, changed_at)
        VALUES (name, v_new.enabled, v_new.metadata_url, v_new.hosts, v_new.issuers, v_new.audiences,
            v_new.client_claims, v_new.client_ids, v_new.scope, v_new.tenants, v_new.clock_skew, v_new.presser_claim,
            v_new.name_claims, v_new.keep_keys, now())
        ON CONFLICT ON CONSTRAINT token_profile_pkey DO UPDATE SET enabled = excluded.enabled,
            metadata_url = excluded.metadata_url, hosts = excluded.hosts, issuers = excluded.issuers,
            audiences = excluded.audiences, client_claims = excluded.client_claims, client_ids = excluded.client_ids,
            scope = excluded.scope, tenants = excluded.tenants, clock_skew = excluded.clock_skew,
            presser_claim = excluded.presser_claim, name_claims = excluded.name_claims, keep_keys = excluded.keep_keys,
            changed_at = excluded.changed_at;
    IF (v_new.metadata_url, v_new.hosts, v_new.issuers) IS DISTINCT FROM
       (v_old.metadata_url, v_old.hosts, v_old.issuers) THEN
        -- Keys from another source sign for other issuers.
        DELETE FROM o365_internal.signing_key AS k WHERE k.profile = set_token_profile.name;
        UPDATE o365_internal.token_profile AS p
           SET fetched_at = NULL, tried_at = NULL, failing_since = NULL, problem = NULL
         WHERE p.name = set_token_profile.name;
    END IF;
    PERFORM o365_internal.note_event('token_profile_changed', 'operator', NULL, object => name,
        reason => o365_internal.reason_text(reason), detail => v_state);
    RETURN v_state;
END $$;
COMMENT ON FUNCTION o365.set_token_profile(text, boolean, text, text[], text[], text[], text[], text[], text, text[],
    interval, text, text[], interval, text) IS
    'Changes the given values of a token profile and keeps the others, or makes a new one, which is off unless enabled '
    'is true; returns on or off. An empty text removes scope, an empty list tenants. The arguments are the columns of '
    'o365.token_profiles. If the source of its keys or its issuers change, the fetched keys are discarded and fetched '
    'again within a minute. Takes effect within a minute. Errors: invalid_parameter_value, DETAIL lists all problems.';
