-- Far ends, and what each of them waits for. Count of waiting connections: by the index that claims read, bounded.
CREATE OR REPLACE VIEW o365.hosts WITH (security_barrier) AS
    SELECT h.name AS host,
           CASE WHEN h.held_until > now() THEN 'held' WHEN h.failing_since IS NOT NULL THEN 'failing'
                WHEN h.recovered_at > now() - interval '8 seconds' THEN 'recovering' ELSE 'open' END AS state,
           CASE WHEN h.held_until > now() THEN h.held_at WHEN h.failing_since IS NOT NULL THEN h.failing_since
                WHEN h.recovered_at > now() - interval '8 seconds' THEN h.recovered_at END AS since,
           CASE WHEN h.held_until > now() THEN h.held_until ELSE h.failing_until END AS until,
           CASE WHEN h.held_until > now() THEN h.why ELSE h.problem END AS reason,
           CASE WHEN h.held_until > now() THEN h.held_by END AS held_by,
           CASE WHEN h.failing_since IS NOT NULL THEN h.probes END AS probes,
           (SELECT count(*) FROM (SELECT FROM o365_internal.lane AS l
                                   WHERE l.host_id = h.host_id AND l.next_at IS NOT NULL LIMIT 10001) AS l) AS waiting
      FROM o365_internal.host AS h
     WHERE h.host_id > 0 OR EXISTS (SELECT FROM o365_internal.lane AS l WHERE l.host_id = 0 AND l.next_at IS NOT NULL)
     ORDER BY h.name;
COMMENT ON VIEW o365.hosts IS
    'Far ends that webhooks were stored on: entries of the allow-list, not the hosts of single tenants. Whether cards '
    'leave for each, and why not. select * from o365.hosts where state <> ''open''';
COMMENT ON COLUMN o365.hosts.host IS
    'The entry, as o365.hold_host takes it; * for hosts that no entry covered when the schema got version 25.';
COMMENT ON COLUMN o365.hosts.state IS
    'open; held (o365.hold_host); failing: as a whole, so that only a few cards are tried as probes; recovering: it '
    'answered again within the last seconds, and cards leave at a rate that grows.';
COMMENT ON COLUMN o365.hosts.since IS 'Since when; null while it is open.';
COMMENT ON COLUMN o365.hosts.until IS
    'Held: until when, infinity until somebody releases it. Failing: when it is probed next. Null otherwise.';
COMMENT ON COLUMN o365.hosts.reason IS
    'Held: why, null when nobody said. Failing: what the last POST to it failed with. Null otherwise.';
COMMENT ON COLUMN o365.hosts.held_by IS 'Role that holds it; null when nobody does.';
COMMENT ON COLUMN o365.hosts.probes IS 'How often it was probed since it fails; null when it does not.';
COMMENT ON COLUMN o365.hosts.waiting IS
    'Connections there that have cards which are due, wait for a time or are with a worker; 10001 stands for more than '
    'ten thousand. Those that are paused are not counted.';
