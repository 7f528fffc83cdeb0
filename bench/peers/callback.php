<?php
// The callback as a PHP page under PHP-FPM: one persistent connection a child, one call of peer.callback a request, everything as
// bind parameters, so that a server which logs them has the webhook in its log. O365_PEER_DATABASE is the connection string.
$state = $_GET['state'] ?? '';
$webhook = $_GET['webhook_url'] ?? '';
$url = parse_url($webhook);
$cookie = $_COOKIE['__Host-o365-' . substr(hash('sha256', $state), 0, 8)] ?? null;
if (!is_string($state) || ($url['scheme'] ?? '') !== 'https' || ($url['host'] ?? '') !== 'outlook.office.com' || $cookie === null) {
    http_response_code(400);
    exit('bad callback');
}
$values = [hash('sha256', $state), hash('sha256', $cookie), 'r-' . bin2hex(random_bytes(8)), $url['host'], $webhook,
    $_GET['user_objectId'] ?? null, $_GET['app_type'] ?? null, $_GET['group_name'] ?? null];
$database = pg_pconnect($_SERVER['O365_PEER_DATABASE']);
// Prepared once a child: the name outlives the request as the connection does.
$answer = @pg_execute($database, 'callback', $values);
if ($answer === false) {
    pg_prepare($database, 'callback',
        "SELECT peer.callback(decode(\$1, 'hex'), decode(\$2, 'hex'), \$3, \$4, \$5, \$6, \$7, \$8)");
    $answer = pg_execute($database, 'callback', $values);
}
$id = pg_fetch_result($answer, 0, 0);
if ($id === null || $id === false) {
    http_response_code(400);
    exit('refused');
}
header('Location: http://localhost/connect/bench/done/' . $id, true, 302);
