CREATE OR REPLACE FUNCTION o365_internal.holds_something(object jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce(jsonb_typeof(object->'backgroundImage'), 'null') <> 'null'
        OR o365_internal.shows_something(object->'items');
END $$;
COMMENT ON FUNCTION o365_internal.holds_something(jsonb) IS
    'Whether a Container, a column or a cell of an Adaptive Card shows anything: a background, or one of its items.';
