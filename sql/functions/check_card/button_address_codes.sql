CREATE OR REPLACE FUNCTION o365_internal.button_address_codes(value text, is_adaptive boolean) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_codes text[];
BEGIN
    v_codes := CASE WHEN o365_internal.is_web_address(value) THEN NULL
                    WHEN value ~* '^[a-z][a-z0-9+.-]*:\S' COLLATE "C" AND value !~* '^https?:' COLLATE "C"
                        THEN '{link_scheme}'::text[]
                    WHEN is_adaptive AND value !~* '^[a-z][a-z0-9+.-]*:' COLLATE "C" THEN '{relative_link}'
                    ELSE '{link}' END;
    RETURN v_codes || o365_internal.reference_in_address_codes(value) || o365_internal.template_in_address_codes(value);
END $$;
COMMENT ON FUNCTION o365_internal.button_address_codes(text, boolean) IS
    'Rules that the address of a button breaks; null for none. is_adaptive: whether it stands in an Adaptive Card.';
