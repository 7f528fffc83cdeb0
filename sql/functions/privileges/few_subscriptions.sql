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
    'The subscriptions whose rows the session may see, in order, where they and their history are few: it is then '
    'read by them. Null for an operator, and for whoever sees so much that the newest rows are found sooner by '
    'walking back in time.';
