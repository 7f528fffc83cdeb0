CREATE OR REPLACE FUNCTION o365_internal.own_target(card_id bigint, number integer) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN format('%s/action?token=%s-%s-%s', o365_internal.text_setting('public_url'), card_id, number,
                  o365_internal.action_mac('call', card_id, number));
END $$;
COMMENT ON FUNCTION o365_internal.own_target(bigint, integer) IS
    'The address that takes the place of the target o365:action when a card leaves; its token is a secret.';
