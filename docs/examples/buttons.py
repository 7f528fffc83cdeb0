#!/usr/bin/python3
# Sends cards with a button, and answers who presses it. Arguments: docs/developer.md, "Buttons".
import json
import sys

import psycopg2

db = psycopg2.connect('')  # where: PGHOST, PGDATABASE, PGUSER


def rows(sql, values=()):
    with db.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def message(title, *actions):
    return {'@type': 'MessageCard', '@context': 'https://schema.org/extensions', 'summary': title, 'title': title,
            'themeColor': '0078D7', 'potentialAction': [*actions, {
                '@type': 'OpenUri', 'name': 'Open', 'targets': [{'os': 'default', 'uri': 'https://contoso.example'}]}]}


with db:  # a transaction: what was sent and answered leaves at its end
    if sys.argv[1] == 'ticket':
        user, ticket = sys.argv[2:4]
        card = message(f'Ticket {ticket}', {'@type': 'HttpPOST', 'name': 'Close', 'target': 'o365:action',
                                            'body': json.dumps({'ticket': ticket})})
        for (card_id,) in rows("SELECT card_id FROM o365.send_to_user('desk', %s, %s)", [user, json.dumps(card)]):
            rows("SELECT o365.on_action(%s, 'Close', 'The ticket will be closed.', waits => true)", [card_id])
            print(card_id)
    elif sys.argv[1] == 'answer':
        taken = rows("SELECT event_id, body, coalesce(pressed_by_name, 'somebody') FROM o365.take_action_events()")
        for event_id, body, who in taken:
            ticket = json.loads(body)['ticket']
            [(outcome,)] = rows('SELECT o365.answer_action(%s, %s, %s)', [
                event_id, f'Ticket {ticket} was closed.', json.dumps(message(f'Ticket {ticket} is closed'))])
            print(f'{who} closed {ticket}: {outcome}')
