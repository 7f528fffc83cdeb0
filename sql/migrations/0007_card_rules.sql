-- What cards are judged by, and what was said about those that were sent all the same. New tables, and functions whose parameters
-- changed, which CREATE OR REPLACE would leave beside the new ones. Takes no lock that anybody could wait for.

CREATE TABLE o365_internal.card_rule (
    code     text PRIMARY KEY,
    severity text NOT NULL CONSTRAINT card_rule_severity_is_known CHECK (severity IN ('error', 'warning')),
    problem  text NOT NULL,
    hint     text NOT NULL,
    source   text NOT NULL
);
COMMENT ON TABLE o365_internal.card_rule IS 'What o365.check_card can say. Rows belong to the product: sql/functions/card_rules.sql.';
COMMENT ON COLUMN o365_internal.card_rule.code IS 'Name of the rule; docs/cards.md lists them.';
COMMENT ON COLUMN o365_internal.card_rule.severity IS 'error: o365.send refuses the card. warning: it goes, and the warning is kept.';
COMMENT ON COLUMN o365_internal.card_rule.problem IS 'What is wrong, for format(): 1 name, 2 what it is, 3 what it must be, 4 more.';
COMMENT ON COLUMN o365_internal.card_rule.hint IS 'What to write instead, for format() with the same arguments and 5 the hint of its place.';
COMMENT ON COLUMN o365_internal.card_rule.source IS 'The documentation it comes from.';

CREATE TABLE o365_internal.card_kind (
    kind     text PRIMARY KEY,
    required text[] NOT NULL DEFAULT '{}',
    fields   jsonb NOT NULL DEFAULT '{}',
    rule     text REFERENCES o365_internal.card_rule,
    lost     boolean NOT NULL DEFAULT false,
    hint     text NOT NULL,
    source   text NOT NULL
);
COMMENT ON TABLE o365_internal.card_kind IS 'The objects that a card is made of. Rows belong to the product: sql/functions/card_rules.sql.';
COMMENT ON COLUMN o365_internal.card_kind.kind IS 'm.: MessageCard, a.: Adaptive Card, s.: the Adaptive Cards that a connector webhook gets. After a colon: its type.';
COMMENT ON COLUMN o365_internal.card_kind.required IS 'Fields it must have, out of card_field.';
COMMENT ON COLUMN o365_internal.card_kind.fields IS 'Its fields out of card_field, so that a walk looks them up without a join: type, child, required, max_items, rule, lost.';
COMMENT ON COLUMN o365_internal.card_kind.rule IS 'What is said wherever it stands; null: nothing.';
COMMENT ON COLUMN o365_internal.card_kind.lost IS 'Whether it is left out when a MessageCard is converted for Workflows.';
COMMENT ON COLUMN o365_internal.card_kind.hint IS 'How one looks.';
COMMENT ON COLUMN o365_internal.card_kind.source IS 'The documentation it comes from.';

CREATE TABLE o365_internal.card_field (
    kind      text NOT NULL REFERENCES o365_internal.card_kind,
    name      text NOT NULL,
    type      text NOT NULL CONSTRAINT card_field_type_is_known
              CHECK (type IN ('string', 'boolean', 'number', 'array', 'object', 'any', 'mistake')),
    child     text,
    required  boolean NOT NULL DEFAULT false,
    max_items integer,
    rule      text,
    lost      boolean NOT NULL DEFAULT false,
    hint      text NOT NULL,
    PRIMARY KEY (kind, name)
);
COMMENT ON TABLE o365_internal.card_field IS 'The fields of those objects. Rows belong to the product: sql/functions/card_rules.sql.';
COMMENT ON COLUMN o365_internal.card_field.kind IS 'The object.';
COMMENT ON COLUMN o365_internal.card_field.name IS 'The field.';
COMMENT ON COLUMN o365_internal.card_field.type IS 'Its JSON type; mistake: a field that people write here and that does nothing.';
COMMENT ON COLUMN o365_internal.card_field.child IS 'Kind of the object, or of the array''s objects; with a colon at its end the object''s own type is added.';
COMMENT ON COLUMN o365_internal.card_field.required IS 'Whether the object must have it.';
COMMENT ON COLUMN o365_internal.card_field.max_items IS 'How many items an array may have; null: no limit is documented.';
COMMENT ON COLUMN o365_internal.card_field.rule IS 'What its value is judged by: text, title, plain, color, image, link, links (an array of them), target, uuid, or words between bars.';
COMMENT ON COLUMN o365_internal.card_field.lost IS 'Whether it is left out when a MessageCard is converted for Workflows.';
COMMENT ON COLUMN o365_internal.card_field.hint IS 'How it is written; for a mistake, what to write instead.';

CREATE TABLE o365_internal.card_pattern (
    kind    text PRIMARY KEY,
    pattern jsonpath NOT NULL,
    covers  boolean NOT NULL,
    doubts  jsonpath
);
COMMENT ON TABLE o365_internal.card_pattern IS
    'What right objects of a card look like, made of card_field. Rows belong to the product: sql/functions/card_pattern.sql.';
COMMENT ON COLUMN o365_internal.card_pattern.kind IS 'Of card_kind, or a family of kinds that ends with a colon.';
COMMENT ON COLUMN o365_internal.card_pattern.pattern IS
    'Of a kind: selects an object that is right. Of a family: selects out of an array what is not known to be right.';
COMMENT ON COLUMN o365_internal.card_pattern.covers IS
    'Whether the walk need not look into an object that is right, given actions_are_right.';
COMMENT ON COLUMN o365_internal.card_pattern.doubts IS
    'Selects the pairs of key and value of such an object that are not known to be right, given actions_are_right. Null: all are.';

CREATE TABLE o365_internal.card_warning (
    card_id         bigint PRIMARY KEY,
    subscription_id bigint NOT NULL,
    warnings        jsonb NOT NULL,
    at              timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX card_warning_at ON o365_internal.card_warning (at);
COMMENT ON TABLE o365_internal.card_warning IS 'What o365.check_card said about cards that were sent all the same. A row only where it said something.';
COMMENT ON COLUMN o365_internal.card_warning.card_id IS 'The card.';
COMMENT ON COLUMN o365_internal.card_warning.subscription_id IS 'Where it goes.';
COMMENT ON COLUMN o365_internal.card_warning.warnings IS 'Array of severity, path, problem and hint.';
COMMENT ON COLUMN o365_internal.card_warning.at IS 'When its transaction began.';

SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365.check_card(jsonb, text);
SET LOCAL client_min_messages = notice;
