-- What the delivery core needs so that a lane somebody else has locked delays nobody but itself, that a restored copy
-- sends again, and that one odd answer ends no webhook. Adds columns without a rewrite; takes short locks only.

CREATE TABLE o365_internal.postponed (
    subscription_id bigint NOT NULL,
    position        bigint NOT NULL,
    PRIMARY KEY (subscription_id, position)
);
COMMENT ON TABLE o365_internal.postponed IS
    'Cards that arrived while their lane was locked by another transaction; the next round hands them over. Mostly empty.';
COMMENT ON COLUMN o365_internal.postponed.subscription_id IS 'The lane.';
COMMENT ON COLUMN o365_internal.postponed.position IS 'The card''s place in it.';

ALTER TABLE o365_internal.lane ADD COLUMN gone_since timestamptz;
COMMENT ON COLUMN o365_internal.lane.gone_since IS
    'Since when every answer has said that the webhook is gone; null after any other answer.';

ALTER TABLE o365_internal.fed ADD COLUMN cluster bigint;
COMMENT ON COLUMN o365_internal.fed.cluster IS
    'System identifier of the cluster the snapshot belongs to: transaction ids mean nothing in another one.';
UPDATE o365_internal.fed SET cluster = (SELECT c.system_identifier FROM pg_catalog.pg_control_system() AS c);

CREATE INDEX delivery_at ON o365_internal.delivery (at);

-- Functions whose parameters changed: CREATE OR REPLACE would leave the old ones beside the new.
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365.worker_report(integer, bigint[], bigint[], bigint[], text[], integer[], integer[], integer[],
                                           integer[], text[], bigint[], bigint[]);
DROP FUNCTION IF EXISTS o365_internal.end_cards(bigint[], bigint[], text[], text[], tid[]);
SET LOCAL client_min_messages = notice;
