CREATE OR REPLACE FUNCTION o365_internal.schedule_length(schedule text) RETURNS interval
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE split_part(schedule, ' ', 1) WHEN 'hourly' THEN interval '1 hour' WHEN 'daily' THEN interval '1 day'
                WHEN 'weekly' THEN interval '7 days' END;
END $$;
COMMENT ON FUNCTION o365_internal.schedule_length(text) IS
    'How long a card waits at most for a run of a schedule, as schedule_of has it; null for immediate.';
