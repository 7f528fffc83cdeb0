-- quota_halvings alone counts the hours since the far end throttled a lane; quota_most is told how often to halve.
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365_internal.quota_most(integer[], integer, timestamptz, timestamptz);
RESET client_min_messages;
