CREATE OR REPLACE FUNCTION o365_internal.picture_codes(value text, is_adaptive boolean, converts boolean)
RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_picture bytea;
BEGIN
    IF value = '' THEN
        RETURN '{empty_picture}';
    ELSIF o365_internal.is_web_address(value) THEN
        RETURN o365_internal.reference_in_address_codes(value)
               || CASE WHEN value !~* '^https:' THEN '{image_https}'::text[] END
               || o365_internal.template_in_address_codes(value);
    ELSIF value !~* '^data:' THEN
        RETURN CASE WHEN converts AND NOT is_adaptive THEN '{lost_picture}' ELSE '{image_address}' END::text[]
               || o365_internal.template_in_address_codes(value);
    ELSIF converts AND NOT is_adaptive AND value !~* '^data:image/' THEN
        RETURN '{lost_picture}';
    END IF;
    BEGIN
        v_picture := decode(substring(value FROM '(?i)^data:image/[^,]*;base64,(.*)$'), 'base64');
    EXCEPTION WHEN invalid_parameter_value OR invalid_text_representation THEN
        RETURN '{image_size}';
    END;
    RETURN CASE WHEN o365_internal.logo_type(v_picture) IS NULL OR octet_length(v_picture) >= 1048576
                THEN '{image_size}'::text[] ELSE '{image_data}' END;
END $$;
COMMENT ON FUNCTION o365_internal.picture_codes(text, boolean, boolean) IS
    'Rules that the address of a picture breaks; null for none. is_adaptive, converts: as for address_codes. Only a '
    'conversion of a MessageCard leaves a picture out.';
