CREATE OR REPLACE FUNCTION o365_internal.target_codes(value text, target_urls text[]) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_codes text[];
BEGIN
    IF value = 'o365:action' THEN
        v_codes := o365_internal.target_codes(o365_internal.text_setting('public_url') || '/action', target_urls);
        RETURN CASE WHEN o365_internal.text_setting('public_url') = '' THEN '{own_target_nowhere}'::text[]
                    WHEN v_codes IS NOT NULL THEN ARRAY['own_' || v_codes[1]] END;
    END IF;
    -- In development the sandbox calls targets, and it is on this machine.
    v_codes := CASE WHEN NOT o365_internal.is_https_url(value)
                         OR o365_internal.text_setting('environment') <> 'development'
                            AND (o365_internal.is_loopback_url(value)
                                 OR value ~* '^https://(\[|[0-9]+(\.[0-9]+)*([:/?]|$)|[^./:?]+([:/?]|$))')
                    THEN '{target_https}'::text[] END;
    -- Nobody calls a target that is not https.
    RETURN CASE WHEN target_urls IS NOT NULL AND value ~* '^\s*https:' COLLATE "C"
                     AND (v_codes IS NOT NULL OR NOT o365_internal.is_below_a_target(value, target_urls))
                THEN '{target_unregistered}' ELSE v_codes END
           -- The far end puts the values of inputs there.
           || o365_internal.template_in_address_codes(regexp_replace(value, '\{\{[^{}]*\.value\}\}', '', 'g'));
END $$;
COMMENT ON FUNCTION o365_internal.target_codes(text, text[]) IS
    'Rules that the target of an HttpPOST breaks; null for none. o365:action stands for the address of our own that '
    'takes its place when the card leaves. target_urls: as for address_codes.';
