CREATE OR REPLACE FUNCTION o365_internal.audit_counts("from" timestamptz, "to" timestamptz)
RETURNS o365_internal.proof_of
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v o365_internal.proof_of;
    v_until timestamptz := least($2, (SELECT u.until FROM o365_internal.counted AS u));
BEGIN
    WITH counted AS (
        SELECT h.hour, sum(h.cards) AS cards FROM o365_internal.outcome_hour AS h
         WHERE h.hour >= $1 AND h.hour + interval '1 hour' <= v_until GROUP BY h.hour),
    there AS (
        SELECT date_trunc('hour', d.at, 'UTC') AS hour, count(*) AS cards FROM o365_internal.delivery AS d
         WHERE d.at >= $1 AND d.at < v_until GROUP BY 1)
    SELECT coalesce(sum(c.cards), 0), count(*) FILTER (WHERE c.cards <> coalesce(t.cards, 0)),
           (array_agg(format('of the %s ends of the hour from %s the history has %s', c.cards,
                             o365_internal.moment(c.hour), coalesce(t.cards, 0)) ORDER BY c.hour)
            FILTER (WHERE c.cards <> coalesce(t.cards, 0)))[1:5]
      INTO v.checked, v.found, v.examples FROM counted AS c LEFT JOIN there AS t ON t.hour = c.hour;
    -- Erasing a user deletes their rows of history.
    IF v.found > 0 AND EXISTS (SELECT FROM o365_internal.event AS e WHERE e.at >= $1 AND e.kind = 'user_erased') THEN
        v.checked := 0;
        v.found := 0;
        v.examples := NULL;
    END IF;
    RETURN v;
END $$;
COMMENT ON FUNCTION o365_internal.audit_counts(timestamptz, timestamptz) IS
    'Whole hours whose ends are fewer or more than what was counted when they were written. Nothing is compared when '
    'somebody was erased since.';
