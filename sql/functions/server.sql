-- What the server itself is: holes of its version, and whether its pgcrypto seals at all.

DO $do$
DECLARE
    v_pgcrypto name := (SELECT n.nspname FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
                         WHERE e.extname = 'pgcrypto');
BEGIN
    EXECUTE format($f$
        CREATE OR REPLACE FUNCTION o365_internal.seals_nothing(sealed bytea DEFAULT NULL) RETURNS text
        LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $b$
        DECLARE
            v_part constant bytea := 'o365-probe-16bit';
            v_sealed bytea := sealed;
        BEGIN
            IF v_sealed IS NULL THEN
                v_sealed := %1$I.pgp_sym_encrypt(repeat(convert_from(v_part, 'UTF8'), 64), 'probe', 'cipher-algo=aes256, compress-algo=0, s2k-mode=1');
            END IF;
            RETURN CASE WHEN position(v_part IN v_sealed) > 0 THEN 'what it seals can be read: the plain text stands in it' END;
        EXCEPTION WHEN OTHERS THEN
            RETURN 'it cannot seal: ' || SQLERRM;
        END $b$ $f$, v_pgcrypto);
END $do$;
COMMENT ON FUNCTION o365_internal.seals_nothing(bytea) IS
    'What is wrong with the server''s pgcrypto: it seals a text of its own (or a test gives what was sealed) and looks for it in what comes out. Null: nothing.';

CREATE OR REPLACE FUNCTION o365_internal.server_findings(version_num integer DEFAULT current_setting('server_version_num')::integer)
RETURNS TABLE (severity text, object text, problem text, next_step text)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'warning', format('PostgreSQL %s.%s', $1 / 10000, $1 % 10000), format('%s is not mended in it: %s', f.hole, f.matters),
           format('Update PostgreSQL to %s.%s or newer, and restart it.', f.major, f.minor)
      FROM o365_internal.server_floor AS f WHERE f.major = $1 / 10000 AND f.minor > $1 % 10000
    UNION ALL
    SELECT 'error', 'pgcrypto', s.problem, 'Let nobody connect until another build of PostgreSQL or OpenSSL, with AES, is there: select o365_internal.seals_nothing() asks again.'
      FROM o365_internal.seals_nothing() AS s (problem) WHERE s.problem IS NOT NULL $$;
COMMENT ON FUNCTION o365_internal.server_findings(integer) IS
    'What is wrong with a server of a version, as server_version_num has it, in the shape of o365.health(): known holes, and a pgcrypto that does not seal.';
