CREATE OR REPLACE FUNCTION o365_internal.digest_groups(keys text[]) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_groups integer[] := '{}';
    v_group integer := 0;
BEGIN
    FOR i IN 1 .. coalesce(cardinality(keys), 0) LOOP
        IF i = 1 OR keys[i] IS NULL OR keys[i] IS DISTINCT FROM keys[i - 1] THEN
            v_group := v_group + 1;
        END IF;
        v_groups := v_groups || v_group;
    END LOOP;
    RETURN v_groups;
END $$;
COMMENT ON FUNCTION o365_internal.digest_groups(text[]) IS
    'The digest, by number from 1, that each of some cards belongs to: those with the same key that follow each other. '
    'One without a key is alone.';
