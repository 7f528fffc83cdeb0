CREATE OR REPLACE FUNCTION o365_internal.audit_sharers()
RETURNS TABLE (kind text, name text, subscription_id bigint, after_post bigint, since timestamptz, until timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
BEGIN
    -- Of a webhook: the connections that have it now, and those that had it when they were removed, as long as their
    -- POSTs are kept.
    RETURN QUERY
    WITH sharer AS (
        SELECT l.quota_webhook AS g, l.subscription_id AS s, l.webhook_after AS after FROM o365_internal.lane AS l
         WHERE l.quota_webhook > 0
        UNION
        SELECT s.group_id, s.subscription_id, l.webhook_after FROM o365_internal.quota_slot AS s
          JOIN o365_internal.quota_group AS g ON g.group_id = s.group_id AND g.webhook_index IS NOT NULL
          JOIN o365_internal.subscription AS x ON x.subscription_id = s.subscription_id AND x.status = 'removed'
          JOIN o365_internal.lane AS l ON l.subscription_id = s.subscription_id)
    SELECT 'webhook', format('subscription %s', min(x.s) OVER (PARTITION BY x.g)), x.s, x.after,
           '-infinity'::timestamptz, 'infinity'::timestamptz
      FROM sharer AS x;
    -- Of a bot: the members that each o365.share_quota named, until the next call.
    RETURN QUERY
    WITH named AS (
        SELECT e.object, e.detail, e.at, lead(e.at) OVER (PARTITION BY e.object ORDER BY e.at) AS until
          FROM o365_internal.event AS e
         WHERE e.kind = 'setting_changed' AND e.subscription_id IS NULL AND e.object ~ ('^quota group ' COLLATE "C"))
    SELECT 'bot', substring(n.object FROM 13), m.id::bigint, 0::bigint,
           n.at + o365_internal.audit_lease(),
           coalesce(n.until, 'infinity')
      FROM named AS n CROSS JOIN LATERAL regexp_split_to_table(n.detail, ', ') AS m (id)
     WHERE n.detail ~ ('^[0-9, ]+$' COLLATE "C")
    UNION ALL
    -- A group from before the history begins.
    SELECT 'bot', g.name, l.subscription_id, 0, '-infinity', 'infinity' FROM o365_internal.quota_group AS g
      JOIN o365_internal.lane AS l ON l.quota_group = g.group_id
     WHERE NOT EXISTS (SELECT FROM named AS n WHERE n.object = 'quota group ' || g.name);
END $$;
COMMENT ON FUNCTION o365_internal.audit_sharers() IS
    'Which connections the far end counts as one, for o365.audit: those of one webhook (kind webhook) by their POSTs '
    'above after_post, and members of a group of o365.share_quota (bot). A POST may be held to their limits from since '
    'until until, and what any of them posted before counts.';
