-- o365.health() looks for cards that were pressed often, among all that have actions.

CREATE INDEX card_action_pressed ON o365_internal.card_action (card_id) WHERE cardinality(forms) > 0;
