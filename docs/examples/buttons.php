<?php
// Sends cards with a button, and answers who presses it. Arguments: docs/developer.md, "Buttons".
$db = new PDO('pgsql:', null, null, [  // where: PGHOST, PGDATABASE, PGUSER
    PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
    PDO::PGSQL_ATTR_DISABLE_PREPARES => true,
]);

function rows(PDO $db, string $sql, array $values = []): array
{
    $statement = $db->prepare($sql);
    $statement->execute($values);
    return $statement->fetchAll(PDO::FETCH_ASSOC);
}

function message(string $title, array ...$actions): string
{
    $open = ['@type' => 'OpenUri', 'name' => 'Open', 'targets' => [['os' => 'default', 'uri' => 'https://contoso.example']]];
    return json_encode(['@type' => 'MessageCard', '@context' => 'https://schema.org/extensions', 'summary' => $title,
        'title' => $title, 'themeColor' => '0078D7', 'potentialAction' => [...$actions, $open]]);
}

$db->beginTransaction();
if ($argv[1] === 'ticket') {
    [, , $user, $ticket] = $argv;
    $close = ['@type' => 'HttpPOST', 'name' => 'Close', 'target' => 'o365:action', 'body' => json_encode(['ticket' => $ticket])];
    foreach (rows($db, "SELECT card_id FROM o365.send_to_user('desk', ?, ?)", [$user, message("Ticket $ticket", $close)]) as $sent) {
        rows($db, "SELECT o365.on_action(?, 'Close', 'The ticket will be closed.', waits => true)", [$sent['card_id']]);
        echo $sent['card_id'], "\n";
    }
} elseif ($argv[1] === 'answer') {
    foreach (rows($db, "SELECT event_id, body, coalesce(pressed_by_name, 'somebody') AS who FROM o365.take_action_events()") as $event) {
        $ticket = json_decode($event['body'])->ticket;
        [$answer] = rows($db, 'SELECT o365.answer_action(?, ?, ?) AS outcome',
            [$event['event_id'], "Ticket $ticket was closed.", message("Ticket $ticket is closed")]);
        echo "{$event['who']} closed $ticket: {$answer['outcome']}\n";
    }
}
$db->commit();  // what was sent and answered leaves now
