#!/usr/bin/python3
# Notifies users in Teams out of the application's own transaction. Arguments: docs/developer.md, "Three programs".
import sys

import psycopg2

db = psycopg2.connect('')  # where: PGHOST, PGDATABASE, PGUSER
command, argument = sys.argv[1:3]


def rows(sql, values):
    with db.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


with db:  # a transaction: commits at its end, rolls back on an exception
    if command == 'connect':
        print(rows("SELECT o365.begin_connect('desk', %s)", [argument])[0][0])
    elif command == 'connections':
        for row in rows('SELECT subscription_id, group_name, status FROM o365.connections(%s)', [argument]):
            print(*row)
    elif command == 'ticket':
        title = sys.argv[3]
        [(ticket,)] = rows('INSERT INTO ticket (title) VALUES (%s) RETURNING id', [title])
        card = "o365.card('Ticket ' || %s, o365.markdown_escape(%s))"
        sent = rows(f"SELECT card_id, problems FROM o365.send_to_user('desk', %s, {card})", [argument, ticket, title])
        for card_id, problems in sent:
            print(card_id or f'not sent: {problems}')
    elif command == 'outcome':
        for (outcome,) in rows("SELECT coalesce(outcome, reason, 'waits') FROM o365.cards WHERE card_id = %s",
                               [argument]):
            print(outcome)
