-- What is counted of a card while another one of its lane is tried, what was set aside, the hosts of a far end that are
-- left, and events by connector. Adds columns without a rewrite, and indexes over subscriptions and events; a million
-- of them take some seconds. Nothing connects, is sent or is claimed meanwhile.

ALTER TABLE o365_internal.set_aside ADD COLUMN is_aside boolean NOT NULL DEFAULT true;
COMMENT ON TABLE o365_internal.set_aside IS
    'What a lane knew of cards that it is not trying at this moment, until they end: those that were set aside '
    '(connector.when_blocked = pass), and those whose place among the lane''s counts another card took that failed.';
COMMENT ON COLUMN o365_internal.set_aside.is_aside IS
    'Whether it was set aside: it is in scheduled, or in the outbox again for its next try. False: it has its place in '
    'the lane''s order, an urgent card or one that was set aside failed meanwhile.';
COMMENT ON COLUMN o365_internal.set_aside.at IS 'When it was first set aside, or another card took its place.';

ALTER TABLE o365_internal.delivery ADD COLUMN was_aside boolean;
COMMENT ON COLUMN o365_internal.delivery.was_aside IS
    'Whether it was set aside before, so that others went before it; null: no.';

ALTER TABLE o365_internal.host ADD COLUMN hosts_at timestamptz;
COMMENT ON COLUMN o365_internal.host.hosts IS 'Five hosts that webhooks lie on, or all that there are.';
COMMENT ON COLUMN o365_internal.host.hosts_at IS 'When it was last looked whether those are still there.';
CREATE INDEX subscription_host ON o365_internal.subscription (webhook_host)
    WHERE status <> ALL ('{removed,gone,retired}');

CREATE INDEX event_connector ON o365_internal.event (connector_id, at) WHERE connector_id IS NOT NULL;
