CREATE OR REPLACE FUNCTION o365_internal.token_profile_problems(profile o365_internal.token_profile) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_host text := substring(profile.metadata_url COLLATE "C" FROM '^https://([^/?#@[:space:]]+)/[^#[:space:]]*$');
    v_name text;
    v_list text[];
    v_least integer;
    v_problems text[] := '{}';
BEGIN
    FOR v_name, v_list, v_least IN SELECT v.name, v.list, v.least FROM (VALUES
        ('hosts', profile.hosts, 1), ('issuers', profile.issuers, 1), ('audiences', profile.audiences, 1),
        ('client_claims', profile.client_claims, 1), ('client_ids', profile.client_ids, 1),
        ('tenants', profile.tenants, 0), ('name_claims', profile.name_claims, 0)) AS v (name, list, least)
    LOOP
        IF v_list IS NULL OR cardinality(v_list) NOT BETWEEN v_least AND 20 OR coalesce(array_ndims(v_list), 1) > 1
           OR EXISTS (SELECT FROM unnest(v_list) AS e WHERE e IS NULL OR e !~ '^[!-~]+$' OR length(e) > 500) THEN
            v_problems := v_problems || format('%s must be a list of %s to 20 words', v_name, v_least);
        END IF;
    END LOOP;
    IF v_host IS NULL OR length(profile.metadata_url) > 2000 OR profile.metadata_url ~ '[^!-~]' THEN
        v_problems := v_problems || 'metadata_url must be an https address with a path'::text;
    ELSIF NOT lower(regexp_replace(v_host, ':443$', '') COLLATE "C") = ANY (profile.hosts) THEN
        v_problems := v_problems || format('hosts must name %s, where metadata_url is', v_host);
    END IF;
    IF EXISTS (SELECT FROM unnest(profile.hosts) AS h
                WHERE h !~ '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{0,4})?$' OR h ~ ':443$') THEN
        v_problems := v_problems || 'hosts are names in small letters, with a port unless it is 443'::text;
    END IF;
    IF EXISTS (SELECT FROM unnest(profile.issuers) AS i WHERE replace(i, '{tid}', '') ~ '[{}]'
                                                          OR i !~ '^https://') THEN
        v_problems := v_problems || 'issuers begin with https:// and have no placeholder but {tid}'::text;
    END IF;
    IF EXISTS (SELECT FROM unnest(profile.audiences) AS a
                WHERE replace(replace(a, '{app_id}', ''), '{origin}', '') ~ '[{}]'
                   OR a ~ '\{app_id\}' AND a ~ '\{origin\}') THEN
        v_problems := v_problems || 'audiences have no placeholder but {app_id} or {origin}'::text;
    END IF;
    IF EXISTS (SELECT FROM (SELECT unnest(profile.client_claims) UNION ALL SELECT unnest(profile.name_claims)
                            UNION ALL SELECT profile.presser_claim) AS c (claim)
                WHERE c.claim !~ '^[a-z][a-z0-9_]{0,39}$') THEN
        v_problems := v_problems || 'claims are names in small letters, such as azp, oid or sub'::text;
    END IF;
    IF profile.scope ~ '[^!-~]' OR length(profile.scope) > 200 THEN
        v_problems := v_problems || 'scope must be one word'::text;
    END IF;
    IF profile.clock_skew IS NULL OR profile.clock_skew NOT BETWEEN '0' AND interval '15 minutes' THEN
        v_problems := v_problems || 'clock_skew must be between 0 and 15 minutes'::text;
    END IF;
    IF profile.keep_keys IS NULL OR profile.keep_keys NOT BETWEEN '0' AND interval '30 days' THEN
        v_problems := v_problems || 'keep_keys must be between 0 and 30 days'::text;
    END IF;
    RETURN v_problems;
END $$;
COMMENT ON FUNCTION o365_internal.token_profile_problems(o365_internal.token_profile) IS
    'Why a token profile cannot be stored, a sentence each; empty when it can.';
