-- The installation: its settings, the functions that a session may call, the workers. security_barrier: no condition of
-- a query is evaluated on rows that its session may not see.

CREATE OR REPLACE VIEW o365.settings WITH (security_barrier) AS
    SELECT s.name, s.value, s.help, s.default_value, s.unit, s.range, s.changed_at, s.changed_by
      FROM o365_internal.setting AS s ORDER BY s.name;
COMMENT ON VIEW o365.settings IS 'The settings of the installation. Change one with o365.set.';
COMMENT ON COLUMN o365.settings.name IS 'Name.';
COMMENT ON COLUMN o365.settings.value IS 'Value in force.';
COMMENT ON COLUMN o365.settings.help IS 'What it does.';
COMMENT ON COLUMN o365.settings.default_value IS 'The value that the product comes with.';
COMMENT ON COLUMN o365.settings.unit IS 'What a number counts; null for other values.';
COMMENT ON COLUMN o365.settings.range IS 'The numbers or words that it takes; null where help says it.';
COMMENT ON COLUMN o365.settings.changed_at IS 'When o365.set last changed it; null: never.';
COMMENT ON COLUMN o365.settings.changed_by IS 'Role that did; null: nobody.';

-- A view's functions run with the privileges of its reader.
CREATE OR REPLACE VIEW o365.functions WITH (security_barrier) AS
    SELECT p.proname::text AS name, pg_get_function_arguments(p.oid) AS arguments,
           pg_get_function_result(p.oid) AS returns,
           substring(obj_description(p.oid, 'pg_proc') FROM '^(.*?[.:;])(?:\s|$)') AS what_it_does
      FROM pg_catalog.pg_proc AS p
      JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
     WHERE n.nspname = 'o365' AND has_function_privilege(p.oid, 'EXECUTE')
     ORDER BY p.proname, p.pronargs, p.oid;
COMMENT ON VIEW o365.functions IS 'The functions of schema o365 that this session may call, one row for each.';
COMMENT ON COLUMN o365.functions.name IS 'Name, without the schema.';
COMMENT ON COLUMN o365.functions.arguments IS 'Parameters and their defaults.';
COMMENT ON COLUMN o365.functions.returns IS 'What it returns.';
COMMENT ON COLUMN o365.functions.what_it_does IS 'The first sentence of its description; \df+ o365.* shows the whole.';

CREATE OR REPLACE VIEW o365.workers WITH (security_barrier) AS
    SELECT w.worker_id, w.name, w.version, w.environment,
           w.stopped_at IS NULL AND w.seen_at > now() - interval '15 seconds' AS alive,
           w.started_at, w.seen_at, w.stopped_at, w.key_ids, coalesce(a.lanes, 0) AS lanes, a.reported_at
      FROM o365_internal.worker AS w LEFT JOIN o365_internal.workers_at_work() AS a ON a.worker = w.worker_id
     ORDER BY w.seen_at DESC;
COMMENT ON VIEW o365.workers IS 'Workers of the last history_days, the most recently seen first.';
COMMENT ON COLUMN o365.workers.worker_id IS 'Number.';
COMMENT ON COLUMN o365.workers.name IS 'Host and process.';
COMMENT ON COLUMN o365.workers.version IS 'Version of the program.';
COMMENT ON COLUMN o365.workers.environment IS
    'Environment that it was started for; it sends where the setting environment is the same.';
COMMENT ON COLUMN o365.workers.alive IS 'Whether it was heard of within 15 s and has not ended.';
COMMENT ON COLUMN o365.workers.started_at IS 'When it started.';
COMMENT ON COLUMN o365.workers.seen_at IS 'When it was last heard of.';
COMMENT ON COLUMN o365.workers.stopped_at IS 'When it ended in order; null: it has not.';
COMMENT ON COLUMN o365.workers.key_ids IS 'Keys that its key file has; null: it has not said.';
COMMENT ON COLUMN o365.workers.lanes IS 'Connections whose cards it has now, under a lease.';
COMMENT ON COLUMN o365.workers.reported_at IS
    'When it last reported the end of a card; null: none of the newest 2,000 ends is its.';
