# The far end of the benches drain and latency: a sink over TLS, subscriptions that post to it and the 2 KB card. Sourced after common.sh.
start_sink() { # start_sink [nginx.conf line for the http block]: sets $port
    port=$(shuf -i 20000-29999 -n 1)
    while ss -ltn | grep -q ":$port "; do port=$((port + 1)); done
    sed "s|@dir@|$dir|g; s|@port@|$port|g; s|access_log off;|${1:-access_log off;}|" "$root/bench/sink/nginx.conf" > "$dir/nginx.conf"
    nginx -p "$dir" -c "$dir/nginx.conf" -g 'daemon off;' 2> /dev/null & pids+=($!)
    wait_for sink curl -sf --cacert "$dir/ca.pem" --noproxy '*' -d x "https://sink.localhost:$port/hook"
    printf '{"text": "%s"}' "$(head -c 2030 /dev/zero | tr '\0' x)" > "$dir/card"
}
make_lanes() { # make_lanes COUNT: subscription n posts to /hook/n
    note "making $1 subscriptions"
    sql > /dev/null << SQL
SELECT o365.allow_webhook_host('connector', 'sink.localhost', $port);
INSERT INTO o365_internal.connect_attempt (connector_id, state_hash, cookie_hash, app_user, expires_at)
    SELECT c.connector_id, sha256(convert_to('s' || i, 'UTF8')), sha256('c'), 'user' || i, now() + interval '1 hour'
      FROM o365_internal.connector AS c, generate_series(1, $1) AS i;
INSERT INTO o365_programs.callback SELECT 'bench', 'r-' || i, sha256(convert_to('s' || i, 'UTF8')), sha256('c'), 'sink.localhost', '$port',
    'https://sink.localhost:$port/hook/' || i, 'object', 'groups', 'Group ' || i FROM generate_series(1, $1) AS i;
SQL
}
