-- Connections that still have the webhook of an Office 365 connector, which Microsoft has switched off.
CREATE OR REPLACE VIEW o365.dead_connectors WITH (security_barrier) AS
    SELECT s.subscription_id, c.slug AS connector, s.app_user, s.label, s.group_name, s.status, s.status_reason,
           format('Microsoft has switched off the connector by which %s posted%s. Please make a workflow in Teams in '
                  'its place: the '
                  'link below shows how, and takes its address. It needs about two minutes, and serves for seven days.',
                  c.name, ' to ' || s.group_name) AS message
      FROM o365_internal.subscription AS s JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
     WHERE s.dialect = 'connector' AND s.status <> 'removed' AND c.removed_at IS NULL
       AND (s.webhook_host IN ('outlook.office.com', 'outlook.office365.com')
            OR right(s.webhook_host, 19) = '.webhook.office.com')
       AND s.connector_id = ANY ((SELECT o365_internal.visible_connectors())::integer[]);
COMMENT ON VIEW o365.dead_connectors IS
    'Connections that still have the webhook of an Office 365 connector, which Microsoft switched off in May 2026: '
    'their users are to make a workflow in its place, by a link of o365.renewal_link, or an operator imports the new '
    'webhooks.';
COMMENT ON COLUMN o365.dead_connectors.subscription_id IS 'Number for o365.renewal_link.';
COMMENT ON COLUMN o365.dead_connectors.connector IS 'Connector''s slug.';
COMMENT ON COLUMN o365.dead_connectors.app_user IS 'The application''s user; null when connected without a ticket.';
COMMENT ON COLUMN o365.dead_connectors.label IS 'Name that pages show for the account; null: app_user.';
COMMENT ON COLUMN o365.dead_connectors.group_name IS 'Group; null for an inbox.';
COMMENT ON COLUMN o365.dead_connectors.status IS 'As in o365.subscriptions.';
COMMENT ON COLUMN o365.dead_connectors.status_reason IS 'Why.';
COMMENT ON COLUMN o365.dead_connectors.message IS 'What to write to its user, in English; the link follows it.';
