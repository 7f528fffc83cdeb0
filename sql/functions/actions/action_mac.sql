SELECT format($f$
CREATE OR REPLACE FUNCTION o365_internal.action_mac(purpose text, card_id bigint, number integer) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $b$
DECLARE
    v_key bytea;
    v_mac bytea;
BEGIN
    SELECT k.key INTO STRICT v_key FROM o365_internal.action_key AS k;
    v_mac := substr(%1$I.hmac(convert_to(purpose || ':' || card_id || ':' || number, 'UTF8'), v_key, 'sha256'), 1, 24);
    RETURN translate(encode(v_mac, 'base64'), '+/', '-_');
END $b$
$f$, :'pgcrypto') \gexec
COMMENT ON FUNCTION o365_internal.action_mac(text, bigint, integer) IS
    'The MAC in the token of a card''s action, a secret. purpose: action for the link to its page, call for the '
    'address that Microsoft''s service calls. lib/cards/action_link.cpp makes the same. Null for null.';
