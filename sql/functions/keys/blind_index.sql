SELECT format($f$
CREATE OR REPLACE FUNCTION o365_internal.blind_index(purpose text, value text) RETURNS bytea
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $b$
DECLARE
    v_key bytea;
BEGIN
    IF value IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT k.key INTO STRICT v_key FROM o365_internal.index_key AS k;
    RETURN %1$I.hmac(convert_to(purpose || ':' || value, 'UTF8'), v_key, 'sha256');
END $b$
$f$, :'pgcrypto') \gexec
COMMENT ON FUNCTION o365_internal.blind_index(text, text) IS
    'HMAC-SHA-256 of purpose and value under the private index key; null for null. Equal values have equal indexes, '
    'nothing else shows.';
