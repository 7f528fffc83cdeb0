-- Sets psql for the files that include this one, whatever ~/.psqlrc and the environment say: the first error ends it,
-- nothing is rolled back partially, text is read as UTF-8, and no limit of the server, the database or the role
-- interrupts it.
\set ON_ERROR_STOP on
\set ON_ERROR_ROLLBACK off
\set AUTOCOMMIT on
\set SINGLELINE off
\set SINGLESTEP off
\set FETCH_COUNT 0
\set VERBOSITY default
\set QUIET on
-- In one statement, so that no limit can interrupt the one that lifts it.
SET idle_session_timeout = 0 \; SET statement_timeout = 0 \; SET idle_in_transaction_session_timeout = 0;
SELECT pg_catalog.current_setting('server_version_num')::integer >= 170000 AS has_transaction_timeout \gset
\if :has_transaction_timeout
  SET transaction_timeout = 0;
\endif
\pset tuples_only on
\pset format unaligned
\encoding UTF8
