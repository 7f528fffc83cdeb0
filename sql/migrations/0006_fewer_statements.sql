-- What a callback costs is the number of its statements: the attempt and its connector are read by one. The function returns other
-- columns, which CREATE OR REPLACE cannot change.

SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365_internal.judge_attempt(text, text, bytea, bytea, bytea);
SET LOCAL client_min_messages = notice;
