CREATE OR REPLACE FUNCTION o365_internal.label(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_label text := btrim(regexp_replace(regexp_replace(value, '[\u0009-\u000d\u0085\u2028\u2029]+', ' ', 'g'),
                                         '[\u0001-\u001f\u007f-\u009f]', U&'\FFFD', 'g'));
BEGIN
    -- Blanks, and characters that have no width or look like a blank.
    RETURN CASE WHEN v_label ~ ('[^[:space:]\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f'
                                '\u2000-\u200f\u202a-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0'
                                '\ufff9-\ufffb\U000e0000-\U000e0fff]' COLLATE "C") THEN v_label END;
END $$;
COMMENT ON FUNCTION o365_internal.label(text) IS
    'A name that came from outside, as it is stored and shown: line ends and tabs are blanks, other control characters '
    'U+FFFD, so that no terminal obeys them. Null for null, and when nothing of it is visible. Directions of writing '
    'stay: pages isolate them.';
