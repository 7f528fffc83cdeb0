-- How psql takes the files that include this one, whatever ~/.psqlrc and the environment say: the first error ends it,
-- nothing is rolled back in part, what is no ASCII is read as it was written, and no limit of the server, the database
-- or the role ends it half-way.
\set ON_ERROR_STOP on
\set ON_ERROR_ROLLBACK off
\set AUTOCOMMIT on
\set SINGLELINE off
\set SINGLESTEP off
\set FETCH_COUNT 0
\set VERBOSITY default
\set QUIET on
\pset tuples_only on
\pset format unaligned
\encoding UTF8
-- First and by itself: what comes next may take longer than a database allows a statement.
SET statement_timeout = 0;
-- By name: only PostgreSQL 17 and later have transaction_timeout.
DO $$ BEGIN
    PERFORM pg_catalog.set_config(s.name, '0', false) FROM pg_catalog.pg_settings AS s
      WHERE s.name IN ('idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout');
END $$;
