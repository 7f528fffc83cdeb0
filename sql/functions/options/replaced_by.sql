CREATE OR REPLACE FUNCTION o365_internal.replaced_by(subscription_id bigint, collapse_key text, card_id bigint)
RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_variable
BEGIN
    RETURN (SELECT n.card_id FROM o365_internal.collapse AS n
             WHERE n.subscription_id = subscription_id AND n.key = collapse_key AND n.card_id > card_id
               AND (EXISTS (SELECT FROM o365_internal.outbox AS o
                             WHERE o.card_id = n.card_id AND o.cancel_reason IS NULL)
                    OR EXISTS (SELECT FROM o365_internal.scheduled AS s WHERE s.card_id = n.card_id)
                    OR EXISTS (SELECT FROM o365_internal.delivery AS d
                                WHERE d.card_id = n.card_id
                                  AND d.outcome IN ('delivered', 'accepted', 'in_doubt', 'digested')))
             ORDER BY n.card_id DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.replaced_by(bigint, text, bigint) IS
    'The newest card with the same collapse key as one that has ended, which waits, is scheduled or has arrived; null '
    'when there is none, and without a key.';
