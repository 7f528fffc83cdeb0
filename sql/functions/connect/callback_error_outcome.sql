CREATE OR REPLACE FUNCTION o365_internal.callback_error_outcome(error text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE
        WHEN error IN ('no_parameters', 'malformed', 'framed', 'bad_webhook') THEN error
        -- However they are spelled: the documentation writes AccessDenied and Invalid Request, OAuth access_denied.
        WHEN lower(regexp_replace(error, '[[:space:]_-]' COLLATE "C", '', 'g') COLLATE "C") = 'accessdenied'
            THEN 'denied'
        WHEN lower(regexp_replace(error, '[[:space:]_-]' COLLATE "C", '', 'g') COLLATE "C") = 'invalidrequest'
            THEN 'invalid_request'
        ELSE 'unknown_error' END;
END $$;
COMMENT ON FUNCTION o365_internal.callback_error_outcome(text) IS
    'The outcome of an attempt whose callback brings that error: one of the responder''s own names, or what '
    'Microsoft''s page says, in any spelling.';
