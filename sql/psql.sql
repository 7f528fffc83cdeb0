-- How psql takes the files that include this one, whatever ~/.psqlrc and the environment say: the first error ends it,
-- nothing is rolled back in part, and what is no ASCII is read as it was written.
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
