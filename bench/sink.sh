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
-- In transactions of 100: one hands on all its outcomes, and gathers of the responder have 16.
SELECT format(\$\$INSERT INTO o365_programs.callback SELECT '$1', 'r-$2-' || i, sha256(convert_to('$2' || i, 'UTF8')),
    sha256('c'), h.host, '$port', 'https://' || h.host || ':$port/hook/' || i, 'object', 'groups', 'Group ' || i
    FROM generate_series(%s, %s) AS i
    CROSS JOIN LATERAL (SELECT replace('${4//%/%%}', '%%', '$2' || i) AS host) AS h\$\$,
    n, least(n + 99, $3)) FROM generate_series(1, $3, 100) AS n \\gexec
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
send_cards() { # send_cards COUNT: to $lanes, one lane after the other, as an application would
    sql -v card="$(cat "$dir/card")" > /dev/null << SQL
SELECT count(o365.send(s.id, :'card')) FROM generate_series(1, $1 / $lanes) AS n,
    (SELECT subscription_id AS id FROM o365_internal.subscription ORDER BY 1) AS s;
SQL
}
drain() { # prints cards a second, from the worker's start to its last delivery
    local before
    before=$(sql -c 'SELECT count(*) FROM o365_internal.delivery')
    "$build/o365-worker" --config "$dir/o365.conf" --once --deadline 300s > /dev/null
    [[ $(sql -c 'SELECT count(*) FROM o365_internal.outbox') = 0 ]] || { note "not everything was drained"; exit 1; }
    sql -c "SELECT round((count(*) - $before) / extract(epoch
        FROM max(d.at) - (SELECT max(w.started_at) FROM o365_internal.worker AS w)), 1)
        FROM o365_internal.delivery AS d"
}
graphile() { PGDATABASE=o365 "$node" "$root/bench/peers/drain_graphile.mjs" "$@" 2>> "$dir/peers.err"; }
drain_graphile() { # drain_graphile CARDS: the same of graphile-worker, from the same lanes
    sql -v card="$(cat "$dir/card")" > /dev/null << SQL
SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(SELECT ('card',
    json_build_object('path', '/hook/' || (i % $lanes + 1), 'card', :'card'::text),
    NULL, now(), NULL, NULL, NULL, NULL)::graphile_worker.job_spec FROM generate_series(1, $1) AS i));
VACUUM ANALYZE;
SQL
    # shellcheck disable=SC2086
    graphile drain "$port" "$dir/ca.pem" "$1" ${GRAPHILE:-64 1000 0} | awk '{ print $2 }'
    [[ $(sql -c 'SELECT count(*) FROM graphile_worker.jobs') = 0 ]] ||
        { note "graphile-worker left jobs behind"; exit 1; }
}
# latencies o365|graphile RATE CARDS: sends them evenly to $lanes while a worker runs; prints their percentiles
latencies() {
    : > "$dir/posts"
    "$node" "$root/bench/peers/latency_send.mjs" "$1" "$2" "$3" "$lanes" "$dir/card" > "$dir/sent"
    wait_for "the last card" eval "[[ \$(wc -l < '$dir/posts') -ge $3 ]]"
    percentiles
}
# The worker of graphile-worker that latencies needs: ends after so many cards.
start_graphile() { # start_graphile CARDS
    # By itself and not by graphile: $! would be a shell's.
    # shellcheck disable=SC2086
    PGDATABASE=o365 "$node" "$root/bench/peers/drain_graphile.mjs" drain "$port" "$dir/ca.pem" "$1" \
        ${GRAPHILE_LATENCY:-16 -1 -1} > /dev/null & worker=$!
    pids+=("$worker")
    sleep 1
}
