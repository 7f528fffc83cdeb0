CREATE OR REPLACE FUNCTION o365_internal.is_app_user(app_user text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce(length($1) <= 200
                    AND $1 ~ '[^[:space:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]' COLLATE "C",
                    false);
END $$;
COMMENT ON FUNCTION o365_internal.is_app_user(text) IS
    'Whether a text can name a user of an application: at most 200 characters, one of them visible. False for null.';
