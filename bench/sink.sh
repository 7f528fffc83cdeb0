# Far ends of the benches: a sink over TLS, or one that a script plays; subscriptions that post to them, the 2 KB card,
# and a worker that runs on. Sourced after common.sh.
pick_port() { # sets $port
    port=$(shuf -i 20000-29999 -n 1)
    while ss -ltn | grep -q ":$port "; do port=$((port + 1)); done
}
# play_far_end SCRIPT: answers POSTs as the body of a JavaScript function of (request, answer) says; sets $port
play_far_end() {
    pick_port
    "$(newest_node)" -e "
        const { existsSync, readFileSync } = require('node:fs');
        require('node:https').createServer(
            { key: readFileSync('$dir/ca.key'), cert: readFileSync('$dir/ca.pem'), keepAliveTimeout: 600000 },
            (request, answer) => { request.resume().on('end', () => { $1 }); }).listen($port, '127.0.0.1')" & pids+=($!)
    wait_for "the far end" curl -sf --cacert "$dir/ca.pem" --noproxy '*' -d x "https://sink.localhost:$port/hook"
}
# connect_users CONNECTOR USER COUNT HOST: users USER1, USER2 ..., each with a webhook /hook/1, /hook/2 ... on HOST, in
# which % is the user.
connect_users() {
    sql > /dev/null << SQL
INSERT INTO o365_internal.connect_attempt (connector_id, state_hash, cookie_hash, app_user, expires_at)
    SELECT c.connector_id, sha256(convert_to('$2' || i, 'UTF8')), sha256('c'), '$2' || i, now() + interval '1 hour'
      FROM o365_internal.connector AS c, generate_series(1, $3) AS i WHERE c.slug = '$1';
INSERT INTO o365_programs.callback SELECT '$1', 'r-$2-' || i, sha256(convert_to('$2' || i, 'UTF8')), sha256('c'),
    h.host, '$port',
    'https://' || h.host || ':$port/hook/' || i, 'object', 'groups', 'Group ' || i
  FROM generate_series(1, $3) AS i CROSS JOIN LATERAL (SELECT replace('$4', '%', '$2' || i) AS host) AS h;
SQL
}
start_worker() { "$build/o365-worker" --config "$dir/o365.conf" > /dev/null 2>&1 & worker=$!
    pids+=("$worker"); sleep 1; }
stop_worker() { kill "$worker"; wait "$worker" || true; }
# Milliseconds from commit ($dir/sent, of latency_send.mjs) to POST ($dir/posts, of a sink that logs "$uri $msec
# $request_time"): p50 and p95.
percentiles() {
    awk 'NR == FNR { post[$1, ++n[$1]] = ($2 - $3) * 1000; next } { ms = post[$1, ++m[$1]] - $2
        print (ms > 0 ? ms : 0) }' "$dir/posts" <(sort -n -k 2 "$dir/sent") |
        sort -n | awk '{ v[NR] = $1 } END { printf "%.2f %.2f\n", v[int(NR * 0.5 + 0.5)], v[int(NR * 0.95 + 0.5)] }'
}
start_sink() { # start_sink [nginx.conf line for the http block]: sets $port
    pick_port
    sed "s|@dir@|$dir|g; s|@port@|$port|g; s|access_log off;|${1:-access_log off;}|" \
        "$root/bench/sink/nginx.conf" > "$dir/nginx.conf"
    nginx -p "$dir" -c "$dir/nginx.conf" -g 'daemon off;' 2> /dev/null & pids+=($!)
    wait_for sink curl -sf --cacert "$dir/ca.pem" --noproxy '*' -d x "https://sink.localhost:$port/hook"
    printf '{"text": "%s"}' "$(head -c 2030 /dev/zero | tr '\0' x)" > "$dir/card"
}
make_lanes() { # make_lanes COUNT: subscription n posts to /hook/n
    note "making $1 subscriptions"
    sql -c "SELECT o365.allow_webhook_host('connector', 'sink.localhost', $port)" > /dev/null
    connect_users bench user "$1" sink.localhost
}
