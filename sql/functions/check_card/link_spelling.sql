CREATE OR REPLACE FUNCTION o365_internal.link_spelling(value text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_link text[];
    v_label text;
    v_address text;
BEGIN
    -- A blank between the two.
    SELECT ARRAY[m[1], format('[%s](%s)', m[2], m[3])] INTO v_link
      FROM regexp_matches(value, '(\[([^][\n]+)\] +\((https?://[^()\s]+)\))' COLLATE "C") AS m;
    IF v_link IS NOT NULL THEN
        RETURN v_link;
    END IF;
    -- Label and address in the widest sense: a label may contain brackets, an address blanks and parentheses.
    SELECT m INTO v_link
      FROM regexp_matches(value, '!?\[((?:[^][\n]|\[[^][\n]*\])*)\]\((https?://(?:[^()\n]|\([^()\n]*\))*)\)', 'g') AS m
     WHERE m[1] ~ '[][]' OR m[2] ~ '[()]' OR m[2] ~ '\s' COLLATE "C"
         AND m[2] !~ '^\S+\s+("[^"]*"|''[^'']*'')\s*$' COLLATE "C" LIMIT 1;
    IF v_link IS NULL THEN
        RETURN NULL;
    END IF;
    v_label := regexp_replace(v_link[1], '([][])', '\\\1', 'g');
    v_address := replace(replace(regexp_replace(v_link[2], '\s' COLLATE "C", '%20', 'g'), '(', '%28'), ')', '%29');
    RETURN ARRAY[format('[%s](%s)', v_link[1], v_link[2]), format('[%s](%s)', v_label, v_address)];
END $$;
COMMENT ON FUNCTION o365_internal.link_spelling(text) IS
    'The first link of a text that clients do not read as one, and how it has to be written: brackets in the text '
    'escaped, blanks and parentheses of the address %-encoded. Null for none. The text comes without what stands '
    'between backticks and without escaped characters.';
