SELECT format($f$
CREATE OR REPLACE FUNCTION o365_internal.blind_index(purpose text, value text, index_key bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $b$
BEGIN
    RETURN %1$I.hmac(convert_to(purpose || ':' || value, 'UTF8'), index_key, 'sha256');
END $b$
$f$, :'pgcrypto') \gexec
COMMENT ON FUNCTION o365_internal.blind_index(text, text, bytea) IS
    'HMAC-SHA-256 of purpose and value under the private index key, for a caller that has read the key; null for null. '
    'Equal values have equal indexes, nothing else shows.';

CREATE OR REPLACE FUNCTION o365_internal.blind_index(purpose text, value text) RETURNS bytea
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_key bytea;
BEGIN
    IF value IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT k.key INTO STRICT v_key FROM o365_internal.index_key AS k;
    RETURN o365_internal.blind_index(purpose, value, v_key);
END $$;
COMMENT ON FUNCTION o365_internal.blind_index(text, text) IS 'The same under the key of this installation.';
