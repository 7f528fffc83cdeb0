-- Whose trouble a lane's problem is, answers without a clear meaning in a row, and the hosts of a far end. Locks:
-- ACCESS EXCLUSIVE on lane and host for moments (columns without a rewrite, two indexes that are nearly empty; lane is
-- read twice).
ALTER TABLE o365_internal.lane
    ADD COLUMN blocked text CONSTRAINT lane_blocked_is_known CHECK (blocked IN ('key', 'worker', 'transfers')),
    ADD COLUMN blocked_since timestamptz,
    ADD COLUMN unclear_in_a_row integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN o365_internal.lane.blocked IS
    'What keeps its cards from being posted, where that is neither the webhook nor the far end: key, no worker has the '
    'key of its webhook; worker, something on the worker''s side (problem names it: proxy, name server, route, files); '
    'transfers, its far end is slow and has its share of them. Null: nothing, as far as the last report told.';
COMMENT ON COLUMN o365_internal.lane.blocked_since IS 'Since when blocked is what it is.';
COMMENT ON COLUMN o365_internal.lane.unclear_in_a_row IS
    'How many POSTs had no clear answer since a card last arrived, whatever cards they were.';
CREATE INDEX lane_blocked ON o365_internal.lane (blocked) WHERE blocked IS NOT NULL;
UPDATE o365_internal.lane AS l SET unclear_in_a_row = l.unclear WHERE l.unclear >= 2;
DROP INDEX o365_internal.lane_unclear;
CREATE INDEX lane_unclear ON o365_internal.lane (unclear_in_a_row) WHERE unclear_in_a_row >= 2;

-- The circuit breaker has to know how many hosts there are, not only whether there are several.
ALTER TABLE o365_internal.host ADD COLUMN hosts text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN o365_internal.host.hosts IS 'The first five hosts that webhooks were stored on.';
UPDATE o365_internal.host AS h
   SET hosts = u.hosts
  FROM (SELECT d.host_id, (array_agg(d.webhook_host ORDER BY d.first))[1:5] AS hosts
          FROM (SELECT l.host_id, s.webhook_host, min(s.subscription_id) AS first
                  FROM o365_internal.lane AS l JOIN o365_internal.subscription AS s USING (subscription_id)
                 GROUP BY 1, 2) AS d
         GROUP BY 1) AS u
 WHERE u.host_id = h.host_id;
ALTER TABLE o365_internal.host DROP COLUMN only_host;

-- Its place is taken by a rule that is asked before those whose words a message about a data-loss policy may hold, too.
DELETE FROM o365_internal.response_rule WHERE rule_id = 328;
