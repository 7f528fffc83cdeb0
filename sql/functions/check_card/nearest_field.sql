CREATE OR REPLACE FUNCTION o365_internal.nearest_field(kind text, name text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    -- A name is near if it differs only in upper and lower case, in the leading @, or in two neighbouring characters.
    RETURN (SELECT f.name FROM o365_internal.card_field AS f,
                LATERAL (SELECT coalesce(max(i), 0) AS n FROM generate_series(1, least(length(f.name), length($2))) AS i
                          WHERE left(lower(f.name COLLATE "C"), i) = left(lower($2 COLLATE "C"), i)) AS head,
                LATERAL (SELECT coalesce(max(i), 0) AS n
                    FROM generate_series(1, least(length(f.name), length($2)) - head.n) AS i
                          WHERE right(lower(f.name COLLATE "C"), i) = right(lower($2 COLLATE "C"), i)) AS tail
             WHERE f.kind = $1 AND f.type <> 'mistake'
               -- Every name that matches below has one of these.
               AND (lower(ltrim(f.name, '@') COLLATE "C") = lower(ltrim($2, '@') COLLATE "C")
                   OR left(lower(f.name COLLATE "C"), 2) = left(lower($2 COLLATE "C"), 2)
                    OR right(lower(f.name COLLATE "C"), 2) = right(lower($2 COLLATE "C"), 2))
               AND (lower(ltrim(f.name, '@') COLLATE "C") = lower(ltrim($2, '@') COLLATE "C")
                    OR length($2) BETWEEN 4 AND 60 AND head.n + tail.n >= greatest(length(f.name), length($2)) - CASE
                        WHEN length($2) > 5 THEN 2 ELSE 1 END)
             ORDER BY lower(ltrim(f.name, '@') COLLATE "C") = lower(ltrim($2, '@') COLLATE "C") DESC,
                 head.n + tail.n DESC, f.name COLLATE "C" LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.nearest_field(text, text) IS
    'The field of a kind that was probably meant by a name it has not; null when none is near.';
