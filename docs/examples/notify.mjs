// Notifies users in Teams out of the application's own transaction. Arguments: docs/developer.md, "Three programs".
import pg from 'pg';

const db = new pg.Client();  // where: PGHOST, PGDATABASE, PGUSER
await db.connect();
const [command, argument, title] = process.argv.slice(2);
const rows = async (sql, ...values) => (await db.query(sql, values)).rows;

async function openTicket() {
    const [ticket] = await rows('INSERT INTO ticket (title) VALUES ($1) RETURNING id', title);
    const card = "o365.card('Ticket ' || $2::text, o365.markdown_escape($3))";
    return rows(`SELECT card_id, problems FROM o365.send_to_user('desk', $1, ${card})`, argument, ticket.id, title);
}

if (command === 'connect') {
    console.log((await rows("SELECT o365.begin_connect('desk', $1) AS link", argument))[0].link);
} else if (command === 'connections') {
    const sql = 'SELECT subscription_id, group_name, status FROM o365.connections($1)';
    for (const row of await rows(sql, argument)) console.log(Object.values(row).join(' '));
} else if (command === 'ticket') {
    await db.query('BEGIN');
    const sent = await openTicket();
    // Now the cards leave; without it, when the program fails, neither they nor the ticket exist.
    await db.query('COMMIT');
    for (const {card_id: id, problems} of sent) console.log(id ?? `not sent: ${JSON.stringify(problems)}`);
} else if (command === 'outcome') {
    const sql = "SELECT coalesce(outcome, reason, 'waits') AS outcome FROM o365.cards WHERE card_id = $1";
    for (const {outcome} of await rows(sql, argument)) console.log(outcome);
}
await db.end();
