SELECT format($f$
CREATE OR REPLACE FUNCTION o365_internal.pgcrypto_problem(sealed bytea DEFAULT NULL, OUT problem text,
                                                          OUT next_step text)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $b$
DECLARE
    v_part constant bytea := 'o365-probe-16bit';
    v_sealed bytea := sealed;
BEGIN
    next_step := 'Let nobody connect until another build of PostgreSQL or OpenSSL, with AES, is there: '
                 'select * from o365_internal.pgcrypto_problem() asks again.';
    -- Each function that sealing needs is called.
    PERFORM %1$I.hmac(%1$I.gen_random_bytes(16), v_part, 'sha256');
    BEGIN
        PERFORM %1$I.pgp_key_id(%1$I.pgp_pub_encrypt('', '\x00', ''));
    EXCEPTION WHEN external_routine_invocation_exception THEN
        -- That is no key: the function itself says so.
        NULL;
    END;
    IF v_sealed IS NULL THEN
        v_sealed := %1$I.pgp_sym_encrypt(repeat(convert_from(v_part, 'UTF8'), 64), 'probe',
                                         'cipher-algo=aes256, compress-algo=0, s2k-mode=1');
    END IF;
    IF position(v_part IN v_sealed) > 0 THEN
        problem := 'what it seals can be read: the plain text stands in it';
    ELSE
        next_step := NULL;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        problem := format('role %%s may not use it, so nobody can connect and no card is sent: %%s', current_user,
                          SQLERRM);
        next_step := 'Run sql/install.sql again as a superuser, which grants what is needed.';
    WHEN invalid_schema_name OR undefined_function THEN
        problem := 'it was moved or dropped, so nobody can connect and no card is sent: ' || SQLERRM;
        next_step := 'Run sql/install.sql again, which finds it or creates it.';
    WHEN OTHERS THEN
        problem := 'it cannot seal: ' || SQLERRM;
END $b$
$f$, :'pgcrypto') \gexec
COMMENT ON FUNCTION o365_internal.pgcrypto_problem(bytea) IS
    'What is wrong with the server''s pgcrypto, and what to do: it calls what sealing needs, seals a text of its own '
    '(or a test gives what was sealed) and looks for it in what comes out. Nulls when nothing is wrong.';
