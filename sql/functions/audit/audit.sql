CREATE OR REPLACE FUNCTION o365.audit("from" timestamptz, "to" timestamptz DEFAULT 'infinity')
RETURNS TABLE (rule text, verdict text, checked bigint, "count" bigint, examples text[], meaning text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_from timestamptz := greatest("from", o365_internal.history_begins());
    v_rule record;
    v_proof o365_internal.proof_of;
BEGIN
    IF "from" IS NULL OR "to" IS NULL OR "from" >= "to" THEN
        RAISE EXCEPTION 'the audit is from % to %', coalesce("from"::text, 'NULL'), coalesce("to"::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the earlier time first.';
    END IF;
    FOR v_rule IN SELECT r.* FROM (VALUES
        ('ends', 'audit_ends', 'Each card that was committed has exactly one end, or waits.'),
        ('counts', 'audit_counts', 'The history has as many ends of each hour as were counted when they were written.'),
        ('post_numbers', 'audit_numbers', 'The POSTs of each connection are numbered without a gap.'),
        ('windows', 'audit_windows', 'No more POSTs to a webhook than its limits allow.'),
        ('order', 'audit_order', 'Cards of each connection ended in their order.'),
        ('pauses', 'audit_pauses', 'Nothing was posted later than 2 s after a pause, a removal or the hold of a host.'),
        ('numbers_without_card', 'audit_ids',
         'Numbers that belong to no card. A send that was rolled back leaves one, and so does a crash of the server: '
         'they prove no loss.')) AS r (name, function, meaning)
    LOOP
        EXECUTE format('SELECT (p).* FROM o365_internal.%I($1, $2) AS p', v_rule.function)
           INTO v_proof USING v_from, "to";
        rule := v_rule.name;
        checked := coalesce(v_proof.checked, 0);
        "count" := coalesce(v_proof.found, 0);
        examples := v_proof.examples;
        meaning := v_rule.meaning;
        verdict := CASE WHEN v_rule.name = 'numbers_without_card' THEN 'note' WHEN "count" > 0 THEN 'broken'
                        WHEN checked = 0 THEN 'nothing to check' ELSE 'kept' END;
        RETURN NEXT;
    END LOOP;
END $$;
COMMENT ON FUNCTION o365.audit(timestamptz, timestamptz) IS
    'Checks the promises of delivery against the history of the cards that ended, and the POSTs that were reported, '
    'between two times (the second defaults to now): one row for each rule, with a verdict (kept, broken, nothing to '
    'check; note for a rule that cannot be broken), the number of rows checked, the count of faults and up to five of '
    'them. Goes back to history_days at most. Reads all rows of that time. Error: invalid_parameter_value.';
