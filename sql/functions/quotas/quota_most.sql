CREATE OR REPLACE FUNCTION o365_internal.quota_most(
    posts integer[], halved integer, halved_at timestamptz, at timestamptz) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_times integer := halved - trunc(date_part('epoch', at - halved_at) / 3600);
BEGIN
    IF halved = 0 OR v_times <= 0 THEN
        RETURN posts;
    END IF;
    RETURN ARRAY(SELECT CASE WHEN p.posts IS NOT NULL THEN greatest(1, p.posts >> v_times) END
                   FROM unnest(posts) WITH ORDINALITY AS p (posts, n) ORDER BY p.n);
END $$;
COMMENT ON FUNCTION o365_internal.quota_most(integer[], integer, timestamptz, timestamptz) IS
    'The limits of a lane''s windows at a time: posts, halved as often as the far end taught, once less for each hour '
    'since then, and never below 1. Null elements, windows without a limit, stay so.';
