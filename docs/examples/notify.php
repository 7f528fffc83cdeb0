<?php
// Notifies users in Teams out of the application's own transaction. Arguments: docs/developer.md, "Three programs".
$db = new PDO('pgsql:', null, null, [  // where: PGHOST, PGDATABASE, PGUSER
    PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
    // PgBouncer before 1.21 loses prepared statements when it pools transactions: send text and values in one message.
    PDO::PGSQL_ATTR_DISABLE_PREPARES => true,
]);
[, $command, $argument] = $argv;

function rows(PDO $db, string $sql, array $values): array
{
    $statement = $db->prepare($sql);
    $statement->execute($values);
    return $statement->fetchAll(PDO::FETCH_ASSOC);
}

if ($command === 'connect') {
    echo rows($db, "SELECT o365.begin_connect('desk', ?) AS link", [$argument])[0]['link'], "\n";
} elseif ($command === 'connections') {
    $sql = 'SELECT subscription_id, group_name, status FROM o365.connections(?)';
    foreach (rows($db, $sql, [$argument]) as $row) echo implode(' ', $row), "\n";
} elseif ($command === 'ticket') {
    $db->beginTransaction();
    [$ticket] = rows($db, 'INSERT INTO ticket (title) VALUES (?) RETURNING id', [$argv[3]]);
    $card = "o365.card('Ticket ' || ?::text, o365.markdown_escape(?))";
    $sql = "SELECT card_id, problems FROM o365.send_to_user('desk', ?, $card)";
    $sent = rows($db, $sql, [$argument, $ticket['id'], $argv[3]]);
    $db->commit();  // now the cards leave
    foreach ($sent as $row) echo $row['card_id'] ?? 'not sent: ' . $row['problems'], "\n";
} elseif ($command === 'outcome') {
    $sql = "SELECT coalesce(outcome, reason, 'waits') AS outcome FROM o365.cards WHERE card_id = ?";
    foreach (rows($db, $sql, [$argument]) as $row) echo $row['outcome'], "\n";
}
