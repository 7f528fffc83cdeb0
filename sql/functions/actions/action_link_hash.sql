SELECT format($f$
CREATE OR REPLACE FUNCTION o365_internal.action_link_hash(card_id bigint, number integer) RETURNS bytea
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $b$
DECLARE
    v_key bytea;
    v_mac bytea;
BEGIN
    SELECT k.key INTO STRICT v_key FROM o365_internal.action_key AS k;
    v_mac := substr(%1$I.hmac(convert_to('action:' || card_id || ':' || number, 'UTF8'), v_key, 'sha256'), 1, 24);
    RETURN sha256(convert_to(translate(encode(v_mac, 'base64'), '+/', '-_'), 'UTF8'));
END $b$
$f$, :'pgcrypto') \gexec
COMMENT ON FUNCTION o365_internal.action_link_hash(bigint, integer) IS
    'SHA-256 of the mac in the link to an action of a card; lib/cards/action_link.cpp makes the links. Null for null.';
