-- History by subscription, and what an application with few connections asks of it. A row of attempt is a POST after
-- which the card was tried again: a card that ends with its first POST has none, and costs nothing more.
CREATE INDEX attempt_subscription ON o365_internal.attempt (subscription_id, at);
CREATE INDEX card_warning_subscription ON o365_internal.card_warning (subscription_id, at);
-- Whose connections those are, removed ones too.
CREATE INDEX subscription_connector ON o365_internal.subscription (connector_id);
