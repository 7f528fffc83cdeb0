-- A callback costs what it writes, and each index of a row is opened, asked and written. Attempts: one index by
-- connector, way and time in place of four, one by subscription in place of three. Connections: one index of a user's
-- in place of two; a removed one has no webhook, so it may stand in a unique index. The indexes are built while nobody
-- can begin to connect or store a callback, a few seconds for a million rows.

-- By an expression, or whoever names a connector and the id of a page might read all attempts of the connector. What
-- was refused has no cookie, and is counted apart.
CREATE INDEX connect_attempt_way ON o365_internal.connect_attempt
    (coalesce(connector_id, 0), way, ((cookie_hash IS NULL)::integer), started_at);
DROP INDEX o365_internal.connect_attempt_pasted;
DROP INDEX o365_internal.connect_attempt_button;
DROP INDEX o365_internal.connect_attempt_begun;
DROP INDEX o365_internal.connect_attempt_started;   -- attempt_id has the same order
DROP INDEX o365_internal.connect_attempt_stateless;
DROP INDEX o365_internal.connect_attempt_of_subscription;
CREATE UNIQUE INDEX subscription_of_user ON o365_internal.subscription (app_user, connector_id, webhook_index);
DROP INDEX o365_internal.subscription_webhook;
DROP INDEX o365_internal.subscription_app_user;

-- Functions whose parameters changed: CREATE OR REPLACE would leave the old ones beside the new.
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365_internal.judge_attempt(text, text, bytea, bytea, bytea, bytea, text);
DROP FUNCTION IF EXISTS o365_internal.make_lane(bigint, integer, text, boolean, text);
RESET client_min_messages;
