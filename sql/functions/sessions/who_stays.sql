CREATE OR REPLACE FUNCTION o365_internal.who_stays(before text[], after text[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT string_agg(o365_internal.session_name(s.pid), ', ' ORDER BY s.pid)
                       FROM (SELECT split_part(a.t, ' ', 1)::integer AS pid FROM unnest(after) AS a (t)
                              WHERE a.t = ANY (before) ORDER BY 1 LIMIT 3) AS s), 'somebody');
END $$;
COMMENT ON FUNCTION o365_internal.who_stays(text[], text[]) IS
    'Of the transactions that had locks before a wait those that have them still, in words, at most three: who was '
    'waited for in vain, without those who came and went. "somebody" when all of them went.';
