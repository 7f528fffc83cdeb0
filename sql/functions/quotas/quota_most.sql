CREATE OR REPLACE FUNCTION o365_internal.quota_most(posts integer[], halvings integer) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF halvings = 0 THEN
        RETURN posts;
    END IF;
    RETURN ARRAY(SELECT CASE WHEN p.posts IS NOT NULL THEN greatest(1, p.posts >> halvings) END
                   FROM unnest(posts) WITH ORDINALITY AS p (posts, n) ORDER BY p.n);
END $$;
COMMENT ON FUNCTION o365_internal.quota_most(integer[], integer) IS
    'The limits of a lane''s windows: posts, halved so often (quota_halvings), and never below 1. Null elements, '
    'windows without a limit, stay so.';
