CREATE OR REPLACE FUNCTION o365_internal.status_next_step(subscription_id bigint, status text, status_reason text,
    awaits_proof boolean) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE
        WHEN status = 'active' THEN NULL
        WHEN status = 'paused' THEN format('select o365.resume(%s) ends it', subscription_id)
        WHEN status = 'pending'
        THEN 'its user has to say yes, or to type the code of its test card, on the page that followed connecting'
        WHEN status <> 'suspended' OR status_reason LIKE '%connect again%' THEN 'its user has to connect again'
        WHEN awaits_proof
        THEN format('its user types the code of a test card: select o365.renewal_link(%s) makes a link for that',
                    subscription_id)
        ELSE format('when the far end works again: select o365.resume(%s)', subscription_id) END;
END $$;
COMMENT ON FUNCTION o365_internal.status_next_step(bigint, text, text, boolean) IS
    'What ends a status other than active, without a capital and a full stop; null for active. The arguments are '
    'columns of subscription.';
