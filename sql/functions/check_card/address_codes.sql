CREATE OR REPLACE FUNCTION o365_internal.address_codes(rule text, value text, is_adaptive boolean, converts boolean,
    target_urls text[])
RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE rule WHEN 'image' THEN o365_internal.picture_codes(value, is_adaptive, converts)
                     WHEN 'link' THEN o365_internal.button_address_codes(value, is_adaptive)
                     ELSE o365_internal.target_codes(value, target_urls) END;
END $$;
COMMENT ON FUNCTION o365_internal.address_codes(text, text, boolean, boolean, text[]) IS
    'Rules that an address breaks, by the rule of its field (image, link, target); null for none. is_adaptive: '
    'whether it stands in an Adaptive Card. converts: whether a conversion follows. target_urls: those of the '
    'connector, null when it is not known.';
