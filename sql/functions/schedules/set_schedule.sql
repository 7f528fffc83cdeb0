CREATE OR REPLACE FUNCTION o365.set_schedule(
    subscription_id bigint, schedule text, at time DEFAULT NULL, weekday text DEFAULT NULL,
    time_zone text DEFAULT NULL, reason text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_schedule text := o365_internal.schedule_of(schedule, at, weekday);
    v_zone text := o365_internal.time_zone_of(time_zone);
    v_subscription o365_internal.subscription;
    v_max_age interval;
BEGIN
    IF v_schedule IS NULL THEN
        RAISE EXCEPTION 'schedule % is unknown',
            quote_nullable(nullif(concat_ws(' ', schedule, 'on ' || weekday, 'at ' || at::text), ''))
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'It is immediate, hourly, daily (with at) or weekly (with weekday, monday to sunday, and at).';
    ELSIF time_zone <> '' AND v_zone IS NULL THEN
        RAISE EXCEPTION 'there is no time zone %', quote_literal(time_zone)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Write a name such as Europe/Berlin: select name from pg_timezone_names.';
    END IF;
    v_subscription := o365_internal.subscription_to_change(subscription_id);
    IF v_subscription.status = 'removed' THEN
        RAISE EXCEPTION 'subscription % is removed', subscription_id
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Its user has to connect again: the application links to what o365.begin_connect returns.';
    END IF;
    SELECT c.max_age INTO v_max_age FROM o365_internal.connector AS c
     WHERE c.connector_id = v_subscription.connector_id;
    IF v_max_age < o365_internal.schedule_length(v_schedule) THEN
        RAISE WARNING 'cards of connection % expire after %, and its digests are made %', subscription_id, v_max_age,
            v_schedule
            USING HINT = 'A card that would expire before its digest leaves alone, at once. '
                         'o365.alter_connector sets max_age.';
    END IF;
    RETURN o365_internal.put_schedule(subscription_id, v_schedule,
        CASE WHEN time_zone IS NULL THEN v_subscription.time_zone ELSE v_zone END, o365_internal.actor(), reason);
END $$;
COMMENT ON FUNCTION o365.set_schedule(bigint, text, time, text, text, text) IS
    'Sets when the cards of a connection leave. immediate: at once. hourly: at each full hour. daily: at a time, '
    'default 08:00. weekly: also on a day, monday to sunday, default monday. The cards that have come in by then leave '
    'as one card, a digest; a single card, a form and an urgent card leave as they are. time_zone: an IANA name; null '
    'keeps it, an empty text means the connector''s. Waiting cards follow the new schedule, and with immediate leave '
    'at once. Applications may do so for connections of connectors that they may use, operators for all. Returns the '
    'schedule in words. Errors: insufficient_privilege, undefined_object, invalid_parameter_value, '
    'object_not_in_prerequisite_state, lock_not_available (another session has it locked for 5 s).';
