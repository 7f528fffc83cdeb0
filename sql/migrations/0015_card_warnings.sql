-- Functions whose parameters have other names or types now: CREATE OR REPLACE refuses to rename a parameter, and leaves a function of
-- other types beside the new one. install.sql creates them again. Takes no lock that anybody could wait for.

SET LOCAL client_min_messages = warning;
-- PostgreSQL 17 reserves the name json where a parameter's type may stand.
DROP FUNCTION IF EXISTS o365_internal.linked_actions(jsonb, text);
DROP FUNCTION IF EXISTS o365_internal.counted_size(jsonb, text, text, text);
DROP FUNCTION IF EXISTS o365_internal.content_codes(jsonb, text, text);
SET LOCAL client_min_messages = notice;
