-- Who may use what, besides EXECUTE (grants.sql). SECURITY DEFINER because the views call them as their reader: PostgreSQL checks the tables of
-- a view against its owner, but its functions against whoever reads it.

CREATE OR REPLACE FUNCTION o365_internal.has_roles() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT pg_get_userbyid(n.nspowner) = 'o365_owner' FROM pg_catalog.pg_namespace AS n
             WHERE n.nspname = 'o365_internal');
END $$;
COMMENT ON FUNCTION o365_internal.has_roles() IS
    'Whether this installation was made with roles of its own; without, everything belongs to one role, and roles of our '
    'names are another installation''s in this cluster.';

CREATE OR REPLACE FUNCTION o365_internal.grants_to_others()
RETURNS TABLE (object text, role text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
    WITH ours AS MATERIALIZED (
        SELECT n.oid, n.nspname, n.nspowner, n.nspacl FROM pg_catalog.pg_namespace AS n WHERE n.nspname IN ('o365', 'o365_programs', 'o365_internal')),
    granted (object, owner, acl) AS (
        SELECT format('SCHEMA %I', o.nspname), o.nspowner, o.nspacl FROM ours AS o
        UNION ALL
        SELECT format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, o.nspname, c.relname), c.relowner, c.relacl
          FROM pg_catalog.pg_class AS c JOIN ours AS o ON o.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S')
        UNION ALL
        SELECT format('TABLE %I.%I', o.nspname, c.relname), c.relowner, a.attacl
          FROM pg_catalog.pg_class AS c JOIN ours AS o ON o.oid = c.relnamespace
          JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attacl IS NOT NULL
        UNION ALL
        SELECT 'FUNCTION ' || p.oid::regprocedure, p.proowner, p.proacl FROM pg_catalog.pg_proc AS p JOIN ours AS o ON o.oid = p.pronamespace
        UNION ALL
        -- That PUBLIC may use a type is PostgreSQL's default, and opens nothing.
        SELECT format('TYPE %I.%I', o.nspname, t.typname), t.typowner,
               ARRAY(SELECT x FROM unnest(t.typacl) AS x WHERE NOT starts_with(x::text, '='))
          FROM pg_catalog.pg_type AS t JOIN ours AS o ON o.oid = t.typnamespace WHERE t.typrelid = 0 AND t.typelem = 0)
    SELECT DISTINCT g.object, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
      FROM granted AS g JOIN ours AS o ON o.nspname = 'o365_internal' AND o.nspowner = g.owner
     CROSS JOIN aclexplode(g.acl) AS a
     WHERE a.grantee <> g.owner
       AND NOT (pg_get_userbyid(o.nspowner) = 'o365_owner'
                AND pg_get_userbyid(a.grantee) IN ('o365_responder', 'o365_worker', 'o365_app', 'o365_operator', 'o365_sandbox')) $$;
COMMENT ON FUNCTION o365_internal.grants_to_others() IS
    'What is granted on the objects of this installation to roles that are not its own, as REVOKE and GRANT write them: by hand, or by somebody''s '
    'ALTER DEFAULT PRIVILEGES. Rights come by membership of our roles, so none of it is ours.';

CREATE OR REPLACE FUNCTION o365_internal.is_operator() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN o365_internal.has_roles() THEN pg_has_role(session_user, 'o365_operator', 'MEMBER')
                ELSE pg_has_role(session_user, current_user, 'MEMBER') END;
END $$;
COMMENT ON FUNCTION o365_internal.is_operator() IS
    'Whether the session''s login is a member of o365_operator; without roles, of the one that owns everything.';

CREATE OR REPLACE FUNCTION o365_internal.may_use(connector_id integer) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN EXISTS (SELECT FROM o365_internal.application AS a JOIN pg_catalog.pg_roles AS r ON r.rolname = a.role
                    WHERE a.connector_id = $1 AND pg_has_role(session_user, r.oid, 'MEMBER'));
END $$;
COMMENT ON FUNCTION o365_internal.may_use(integer) IS
    'Whether the session''s login, directly or as a member, was granted the connector with o365.grant_application. SET ROLE changes nothing.';

CREATE OR REPLACE FUNCTION o365_internal.visible_connectors() RETURNS integer[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF o365_internal.is_operator() THEN
        RETURN ARRAY(SELECT 0 UNION ALL SELECT c.connector_id FROM o365_internal.connector AS c);
    END IF;
    RETURN ARRAY(SELECT c.connector_id FROM o365_internal.connector AS c WHERE o365_internal.may_use(c.connector_id));
END $$;
COMMENT ON FUNCTION o365_internal.visible_connectors() IS
    'The connectors whose rows the session may see: all for an operator, those it may use for an application. An operator''s '
    'have 0 in front, which no connector has: all rows are seen, whosever they are. Views ask once a query, not once a row.';

CREATE OR REPLACE FUNCTION o365_internal.few_subscriptions() RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_visible integer[] := o365_internal.visible_connectors();
    v_few bigint[];
BEGIN
    IF 0 = ANY (v_visible) THEN
        RETURN NULL;
    END IF;
    v_few := ARRAY(SELECT f.subscription_id
                     FROM (SELECT s.subscription_id FROM o365_internal.subscription AS s
                            WHERE s.connector_id = ANY (v_visible) LIMIT 501) AS f
                    ORDER BY f.subscription_id);
    IF cardinality(v_few) > 500
       OR (SELECT count(*) > 5000 FROM (SELECT FROM o365_internal.delivery AS d
                                         WHERE d.subscription_id = ANY (v_few) LIMIT 5001) AS d)
       OR (SELECT count(*) > 5000 FROM (SELECT FROM o365_internal.attempt AS a
                                         WHERE a.subscription_id = ANY (v_few) LIMIT 5001) AS a) THEN
        RETURN NULL;
    END IF;
    RETURN v_few;
END $$;
COMMENT ON FUNCTION o365_internal.few_subscriptions() IS
    'The subscriptions whose rows the session may see, in order, where they and their history are few: it is then read '
    'by them. Null for an operator, and for whoever sees so much that the newest rows are found sooner by walking back in '
    'time.';

CREATE OR REPLACE FUNCTION o365_internal.few_deliveries() RETURNS SETOF o365_internal.delivery
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY SELECT x.* FROM o365_internal.delivery AS x WHERE x.subscription_id = ANY (o365_internal.few_subscriptions());
END $$;
COMMENT ON FUNCTION o365_internal.few_deliveries() IS
    'The rows of delivery of few_subscriptions(); none for whoever sees many.';

CREATE OR REPLACE FUNCTION o365_internal.few_attempts() RETURNS SETOF o365_internal.attempt
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY SELECT x.* FROM o365_internal.attempt AS x WHERE x.subscription_id = ANY (o365_internal.few_subscriptions());
END $$;
COMMENT ON FUNCTION o365_internal.few_attempts() IS
    'The rows of attempt of few_subscriptions(); none for whoever sees many.';

CREATE OR REPLACE FUNCTION o365_internal.few_card_warnings() RETURNS SETOF o365_internal.card_warning
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY SELECT x.* FROM o365_internal.card_warning AS x WHERE x.subscription_id = ANY (o365_internal.few_subscriptions());
END $$;
COMMENT ON FUNCTION o365_internal.few_card_warnings() IS
    'The rows of card_warning of few_subscriptions(); none for whoever sees many.';

CREATE OR REPLACE FUNCTION o365_internal.connector_to_use(slug text) RETURNS o365_internal.connector
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector o365_internal.connector;
BEGIN
    SELECT c.* INTO v_connector FROM o365_internal.connector AS c WHERE c.slug = connector_to_use.slug;
    IF NOT FOUND OR NOT o365_internal.may_use(v_connector.connector_id) THEN
        RAISE EXCEPTION 'there is no connector % that role % may use', quote_nullable(slug), session_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('An operator grants it: select o365.grant_application(%L, %L)', session_user, slug);
    END IF;
    RETURN v_connector;
END $$;
COMMENT ON FUNCTION o365_internal.connector_to_use(text) IS
    'The connector by its slug, if the session may use it. Error: insufficient_privilege, the same whether it exists or not.';

CREATE OR REPLACE FUNCTION o365_internal.join_applications(role name) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Since PostgreSQL 16 each membership says what is inherited; before, the role does.
    v_says_so boolean := current_setting('server_version_num')::integer >= 160000;
    v_group name := CASE WHEN o365_internal.has_roles() THEN 'o365_app' ELSE current_user END;
BEGIN
    IF o365_internal.has_roles() AND NOT pg_has_role(role, v_group, CASE WHEN v_says_so THEN 'USAGE' ELSE 'MEMBER' END) THEN
        EXECUTE format('GRANT o365_app TO %I %s', role, CASE WHEN v_says_so THEN 'WITH INHERIT TRUE' END);
    END IF;
    IF NOT pg_has_role(role, v_group, 'USAGE') THEN
        RAISE WARNING 'role % inherits nothing of what % may do', role, v_group
            USING HINT = format('Either ALTER ROLE %I INHERIT, or let it SET ROLE %I before it calls anything of o365.', role, v_group);
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.join_applications(name) IS
    'Makes a role a member of o365_app that inherits its rights; warns where it does not. An installation under one role makes no members.';

CREATE OR REPLACE FUNCTION o365.grant_application(role name, connector text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector_id integer := (SELECT c.connector_id FROM o365_internal.connector AS c
                             WHERE c.slug = grant_application.connector AND c.removed_at IS NULL);
BEGIN
    IF v_connector_id IS NULL THEN
        RAISE EXCEPTION 'there is no connector %', quote_nullable(connector)
            USING ERRCODE = 'undefined_object', HINT = 'select slug from o365.connectors lists them.';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = grant_application.role) THEN
        RAISE EXCEPTION 'there is no role %', quote_nullable(role)
            USING ERRCODE = 'undefined_object',
                  HINT = format('Make it first: CREATE ROLE %I LOGIN', coalesce(role, 'your_application'));
    END IF;
    -- Membership carries a grant: one to a role that every application is a member of would be for all of them.
    IF role IN ('o365_owner', 'o365_responder', 'o365_worker', 'o365_app', 'o365_operator', 'o365_sandbox')
       AND o365_internal.has_roles() THEN
        RAISE EXCEPTION 'role % is no application''s', role
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Name the role that the application itself connects as.';
    END IF;
    IF NOT o365_internal.has_roles() AND NOT pg_has_role(role, current_user, 'MEMBER') THEN
        RAISE EXCEPTION 'role % is no member of %, and this installation has no other role', role, current_user
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('The application connects as %1$I here: select o365.grant_application(%1$L, %2$L)',
                                current_user, connector);
    END IF;
    PERFORM o365_internal.join_applications(role);
    INSERT INTO o365_internal.application (role, connector_id) VALUES (grant_application.role, v_connector_id) ON CONFLICT DO NOTHING;
    RETURN format('%s may send through %s', role, connector);
END $$;
COMMENT ON FUNCTION o365.grant_application(name, text) IS
    'Lets a database role, and its members, begin connections of a connector and send to them; makes it a member of o365_app. Repeating it '
    'changes nothing. The grant goes by the role''s name: take it back before you drop the role. Errors: undefined_object, '
    'invalid_parameter_value, object_not_in_prerequisite_state (an installation under one role).';

CREATE OR REPLACE FUNCTION o365.revoke_application(role name, connector text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM o365_internal.application AS a USING o365_internal.connector AS c
     WHERE c.connector_id = a.connector_id AND c.slug = revoke_application.connector AND a.role = revoke_application.role;
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION o365.revoke_application(name, text) IS 'Takes back o365.grant_application. False when there was nothing to take back.';
