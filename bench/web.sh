# The web side of the benches callback, footprint and landing: nginx on a Unix socket with the responder and its peers
# behind it. Sourced after common.sh and install_database.
#   start_nginx                   plain HTTP on $dir/http.sock, two workers; peers are kept alive where they can be
#   start_responder               $threads threads, started as configured in $dir/o365.conf
#   start_node WAY POOL [N]       WAY params or copy; N processes with a pool of POOL connections each
#   start_php CHILDREN
# mint SCHEMA PREFIX COUNT makes states for our responder and node-copy (o365) or for peer.callback (peer).
start_nginx() {
    cat > "$dir/fastcgi_params" << 'NGINX'
fastcgi_param REQUEST_METHOD $request_method;
fastcgi_param QUERY_STRING $query_string;
fastcgi_param CONTENT_TYPE $content_type;
fastcgi_param CONTENT_LENGTH $content_length;
fastcgi_param REQUEST_URI $request_uri;
fastcgi_param SERVER_PROTOCOL $server_protocol;
NGINX
    cat > "$dir/nginx.conf" << NGINX
user root;
worker_processes 2;
pid $dir/nginx.pid;
error_log $dir/nginx.log error;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path $dir/body; proxy_temp_path $dir/proxy; fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi; scgi_temp_path $dir/scgi;
    keepalive_requests 1000000;
    upstream node { server unix:$dir/node.params.sock; keepalive 32; }
    upstream node_copy { server unix:$dir/node.copy.sock; keepalive 32; }
    upstream php { server unix:$dir/php.sock; keepalive 32; }
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host \$host;
    server {
        listen unix:$dir/http.sock;
        location / {
            fastcgi_pass unix:$dir/responder.sock;
            include $dir/fastcgi_params;
            fastcgi_param PATH_INFO \$uri;
        }
        location = /php {
            fastcgi_pass php;
            fastcgi_keep_conn ${php_keep:-off};
            include $dir/fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $dir/callback.php;
            fastcgi_param SCRIPT_NAME /php;
            fastcgi_param O365_PEER_DATABASE "host=$PGHOST dbname=o365 user=postgres";
        }
        location = /node { proxy_pass http://node; }
        location = /node-copy { proxy_pass http://node_copy; }
    }
}
NGINX
    nginx -p "$dir" -c "$dir/nginx.conf" -g 'daemon off;' 2> /dev/null & pids+=($!)
    wait_for nginx test -S "$dir/http.sock"
}
start_responder() {
    "$build/o365-connector.fcgi" --config "$dir/o365.conf" > /dev/null 2>&1 < /dev/null & pids+=($!)
    responder=$!
    wait_for responder test -S "$dir/responder.sock"
}
start_node() {
    PGDATABASE=o365 NODE_ENV=production "$node" "$root/bench/peers/callback_node.mjs" "$1" "$dir/node.$1.sock" "$2" \
        "${3:-1}" > /dev/null 2> "$dir/node.err" & pids+=($!)
    peer=$!
    wait_for "node ($1)" test -S "$dir/node.$1.sock"
}
start_php() {
    cp "$root/bench/peers/callback.php" "$dir/callback.php"
    sed "s|@dir@|$dir|g; s|@children@|$1|g; s|@user@|$(id -un)|g" "$root/bench/peers/php-fpm.conf" > "$dir/php-fpm.conf"
    "$php_fpm" -R -F -y "$dir/php-fpm.conf" > /dev/null 2> "$dir/php.err" & pids+=($!)
    peer=$!
    wait_for php-fpm test -S "$dir/php.sock"
}
mint() {
    case $1 in
        o365) sql -c "INSERT INTO o365_internal.connect_attempt (connector_id, state_hash, cookie_hash, app_user,
            expires_at)
            SELECT c.connector_id, sha256(convert_to('$2-' || i, 'UTF8')), sha256(convert_to('c' || i, 'UTF8')),
                'user-$2-' || i, now() + interval '1 hour'
              FROM o365_internal.connector AS c, generate_series(0, $3 - 1) AS i" > /dev/null ;;
        peer) sql -c "INSERT INTO peer.attempt (state_hash, cookie_hash, app_user, expires_at)
            SELECT sha256(convert_to('$2-' || i, 'UTF8')), sha256(convert_to('c' || i, 'UTF8')), 'user-$2-' || i,
                now() + interval '1 hour'
              FROM generate_series(0, $3 - 1) AS i" > /dev/null ;;
    esac
}
# http NAME PREFIX COUNT [OPTION ...]: callbacks of ours, node, node-copy or php-fpm, printed as bench_callback_http
# does
http() {
    local name=$1 prefix=$2 count=$3 path
    shift 3
    case $name in
        ours) path=/connect/bench/callback ;;
        php-fpm) path=/php ;;
        *) path=/$name ;;
    esac
    "$build/bench/bench_callback_http" --socket "$dir/http.sock" --path "$path" --prefix "$prefix" \
        --first "${first:-0}" --count "$count" --connections "${connections:-16}" "$@"
}
node=$(newest_node)
php_fpm=$(ls /usr/sbin/php-fpm[0-9]* | sort -V | tail -n 1)
