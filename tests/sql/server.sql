-- What is said of the server: holes of its version, a pgcrypto that does not seal (F54), and the schema's version.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();

CREATE FUNCTION pg_temp.holes(version_num integer) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(format('%s %s %s', f.severity, f.object, split_part(f.problem, ' ', 1)) || ' '
        || split_part(f.next_step, ' ', 4), ', ' ORDER BY f.problem), '')
      FROM o365_internal.server_findings(version_num) AS f $$;
SELECT is(pg_temp.holes(v.before), format('warning PostgreSQL %s.%s CVE-2026-14663 %s.%s', v.before / 10000,
    v.before % 10000, v.before / 10000, v.before % 10000 + 1),
          format('F54: %s is told', v.before))
  FROM (VALUES (140023), (150018), (160014), (170010), (180005)) AS v (before);
SELECT is(pg_temp.holes(v.before + 1), '', format('F54: %s is not', v.before + 1))
  FROM (VALUES (140023), (150018), (160014), (170010), (180005)) AS v (before);
SELECT is(pg_temp.holes(140020),
    'warning PostgreSQL 14.20 CVE-2026-14663 14.24, warning PostgreSQL 14.20 CVE-2026-2005 14.21', 'each hole is told');
SELECT is(pg_temp.holes(190000), '', 'nothing is known of a newer one');
SELECT bag_eq($$SELECT h.severity, h.object, h.problem FROM o365.health() AS h WHERE h.object ~ '^PostgreSQL '$$,
    $$SELECT f.severity, f.object, f.problem FROM o365_internal.server_findings() AS f$$,
    'health says what is known of this server, and its pgcrypto seals');

SELECT is((o365_internal.pgcrypto_problem()).problem, NULL, 'what pgcrypto seals here cannot be read');
SELECT is((o365_internal.pgcrypto_problem(repeat('o365-probe-16bit', 2)::bytea)).problem,
    'what it seals can be read: the plain text stands in it', 'a plain text is found');
-- pgcrypto on a server whose OpenSSL lacks the cipher: the first block is garbled, the rest is not.
SAVEPOINT sealing;
CREATE FUNCTION pg_temp.break_pgcrypto() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_schema name := (SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname = 'pgcrypto');
BEGIN
    EXECUTE format('CREATE OR REPLACE FUNCTION %I.pgp_sym_encrypt(text, text, text) RETURNS bytea LANGUAGE sql AS %L',
        v_schema, 'SELECT decode(md5($1), ''hex'') || substr(convert_to($1, ''UTF8''), 17)');
    EXECUTE format('CREATE OR REPLACE FUNCTION %I.pgp_pub_encrypt(text, bytea, text) RETURNS bytea LANGUAGE sql AS %L',
        v_schema, 'SELECT decode(md5($1), ''hex'') || substr(convert_to($1, ''UTF8''), 17)');
    EXECUTE format('CREATE OR REPLACE FUNCTION %I.pgp_key_id(bytea) RETURNS text LANGUAGE sql AS %L', v_schema,
        'SELECT ''10FF825991ECBCBF''');
END $$;
SELECT pg_temp.break_pgcrypto() \g /dev/null
SELECT is((SELECT string_agg(h.severity || ' ' || h.problem, ', ') FROM o365.health() AS h WHERE h.object = 'pgcrypto'
    AND h.severity = 'error'),
    'error what it seals can be read: the plain text stands in it', 'F54: health says that pgcrypto seals nothing');
SELECT throws_ok($$SELECT pg_temp.connect('ann')$$, '55000', 'what pgcrypto seals on this server can be read',
    'F54: no webhook is stored that could be read');
ROLLBACK TO sealing;
SELECT lives_ok($$SELECT pg_temp.connect('ann')$$, 'one that is sealed is stored');

-- What else pgcrypto can lack has a sentence of its own each.
CREATE FUNCTION pg_temp.told() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' | ', f.severity, f.problem, f.next_step), '; ')
      FROM o365_internal.server_findings() AS f WHERE f.object = 'pgcrypto' $$;
CREATE FUNCTION pg_temp.told_without(function regprocedure) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_told text;
BEGIN
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC, o365_owner', function);
    SET LOCAL ROLE o365_owner;
    v_told := pg_temp.told();
    RESET ROLE;
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO o365_owner', function);
    RETURN v_told;
END $$;
GRANT USAGE ON SCHEMA o365_internal TO o365_owner;
SELECT is(pg_temp.told_without(p.oid::regprocedure),
    format('error | role o365_owner may not use it, so nobody can connect and no card is sent: permission denied for '
          'function %s | Run sql/install.sql again as a superuser, which grants what is needed.', p.proname),
    'a pgcrypto without ' || p.proname || ' is told')
  FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
  JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'pgcrypto'
 WHERE p.oid::regprocedure::text ~
       '(gen_random_bytes|hmac\(bytea|pgp_key_id|pgp_pub_encrypt\(text,bytea,text|pgp_sym_encrypt\(text,text,text)';
CREATE SCHEMA elsewhere;
SAVEPOINT moving;
ALTER EXTENSION pgcrypto SET SCHEMA elsewhere;
SELECT matches(pg_temp.told(), '^error . it was moved or dropped, .*: function .* does not exist . Run sql/install.sql '
                               'again, which finds it or creates it.$', 'a pgcrypto that was moved is told');
ROLLBACK TO moving;
DROP EXTENSION pgcrypto;
SELECT matches(pg_temp.told(), '^error . it was moved or dropped, .*: function .* does not exist . Run',
    'a pgcrypto that was dropped is told');
ROLLBACK TO sealing;

SELECT results_eq('SELECT schema, installed_at FROM o365.version()',
    'SELECT max(m.number), max(m.applied_at) FROM o365_internal.migration AS m',
    'o365.version() says what the schema is');
SELECT cmp_ok((SELECT oldest_program FROM o365.version()), '<=', (SELECT schema FROM o365.version()),
    'it serves programs of its own version');
SELECT * FROM finish();
ROLLBACK;
