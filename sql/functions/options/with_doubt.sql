CREATE OR REPLACE FUNCTION o365_internal.with_doubt(reason text, unclear_posts integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_doubt CONSTANT text := 'it was posted without a clear answer and may have been shown';
BEGIN
    RETURN CASE WHEN unclear_posts > 0 AND (right(reason, length(c_doubt)) = c_doubt) IS NOT TRUE
                THEN concat_ws('; ', reason, c_doubt) ELSE reason END;
END $$;
COMMENT ON FUNCTION o365_internal.with_doubt(text, integer) IS
    'The reason for which a card ends, and that it may have been shown, if it was posted so often without a clear '
    'answer (unclear_posts). Said once.';
