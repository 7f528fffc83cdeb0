CREATE OR REPLACE FUNCTION o365_internal.is_seen(value text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN value ~ '[^\u0009-\u000d\u0020\u0085\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]';
END $$;
COMMENT ON FUNCTION o365_internal.is_seen(text) IS
    'Whether a text has a visible character: blanks, and what has no width, are not visible; a control character may '
    'be shown as a box. Null for null.';
