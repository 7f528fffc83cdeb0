CREATE OR REPLACE FUNCTION o365.connect_attempt(id text)
RETURNS TABLE (attempt_id bigint, connector text, app_user text, started_at timestamptz, ended_at timestamptz,
    outcome text, meaning text, next_step text, detail text, of_attempt bigint, subscription_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.attempt_id, c.slug, a.app_user, a.started_at, a.consumed_at,
           o.outcome, m.meaning, m.next_step, a.detail, a.of_attempt, a.subscription_id
      FROM o365_internal.connect_attempt AS a
      CROSS JOIN LATERAL (SELECT o365_internal.outcome_now(a)) AS o (outcome)
      LEFT JOIN o365_internal.connector AS c ON c.connector_id = a.connector_id
      LEFT JOIN (VALUES
        ('connected', 'The connection was stored.', 'Nothing.'),
        ('repeated', 'The same browser came again after it had connected, and saw success.', 'Nothing.'),
        ('already_connected', 'The same browser came again after it had connected, with another webhook or an error; '
            'detail says which. Its connection stands as it was, and its page says so.',
            'To connect a second place, start again from the application.'),
        ('pending', 'The webhook is stored, and the browser that connected has a page that asks to confirm, or to type '
            'the code of the card that was posted there. Nothing else is posted yet.',
            'Wait for the user; after confirm_minutes it is removed.'),
        ('superseded', 'The same webhook was pasted once more, and the later attempt goes on.', 'Nothing.'),
        ('too_many',
            'Too many webhooks were pasted, or attempts begun, for the connector within a minute; detail says which.',
            'Wait a minute; the settings pastes_per_minute and starts_per_minute are the bounds.'),
        ('too_many_with_link', 'Too many webhooks were pasted, or attempts begun, with one link of o365.begin_connect.',
            'The user gets a new link from the application; '
            'the settings pastes_per_ticket and starts_per_ticket are the bounds.'),
        ('no_place',
            'A webhook was pasted for a connection that is to get a new address, '
            'which was removed or is another user''s.',
            'The user starts again from the application.'),
        ('other_place',
            'A webhook was pasted as the new address of one connection, and another of the same user has it.',
            'The user makes a webhook of its own for that place.'),
        ('no_such_way', 'A webhook was pasted for a connector that does not offer that.',
            'If it should: select o365.alter_connector(slug, ways => ''{workflow}'').'),
        ('connector_webhook', 'What was pasted lies on a host of connector webhooks, which Microsoft has switched off.',
            'The user makes a workflow in Teams and pastes its address.'),
        ('unconfirmed',
            'Nobody confirmed the connection, or typed its code, in time, or it was removed before; '
            'its webhook is wiped.',
            'Start again from the application.'),
        ('discarded', 'The user was asked to confirm and said no; the webhook is wiped, the ticket serves again.',
            'Nothing, unless by mistake: start again.'),
        ('open', 'The user is at Microsoft''s page, or left it.', 'Wait; it expires by itself.'),
        ('abandoned', 'The user did not come back within the hour.', 'Start again from the application.'),
        ('denied', 'The user pressed Deny.', 'Nothing, unless by mistake: start again.'),
        ('invalid_request', 'Microsoft''s page found app_id or callback_url altered.',
            'Compare the registration there with o365.connectors.'),
        ('unknown_error', 'Microsoft''s page reported an error that is not documented; detail has it.',
            'Start again; if it stays, ask Microsoft.'),
        ('no_state', 'The state was not one of ours: a bookmark, a forged link, or a button with a fixed state; '
            'detail says whether there was one.',
            'Start from o365.connect_button. For buttons with a fixed state: register the connector with '
            'require_state => false.'),
        ('used', 'The state or its ticket had been used before; detail says how that ended.',
            'Start again from the application.'),
        ('ticket', 'The start was refused for want of a good ticket; detail says why.',
            'Go back to the application for a new link (o365.begin_connect).'),
        ('expired', 'The user took longer than the setting state_minutes.', 'Start again.'),
        ('other_browser', 'The callback came from another browser than the start: by mistake, or an attack.',
            'Finish in the browser you started in.'),
        ('no_cookie', 'The browser sent no cookie of this attempt: it blocks them, began more than 20 attempts at '
            'once, or the callback was opened in another browser than the one in which the attempt began (apps such as '
            'Outlook and Teams have one of their own).',
            'Allow cookies for this site, and start and finish in the same browser.'),
        ('strict_cookie', 'The browser kept our cookie back when it came from Microsoft''s page and sent it a moment '
            'later: a web server or proxy between it and the responder writes SameSite=Strict into our cookies. '
            'Nobody can connect.',
            'Leave cookies named __Host-o365-* as they are: look for proxy_cookie_flags or proxy_cookie_path (nginx), '
            'Header edit Set-Cookie (Apache), or a cookie policy of the load balancer.'),
        ('framed', 'The callback was loaded inside a frame, where browsers send no cookie. Nothing was decided; the '
            'page offers to go on in a tab.',
            'Let the application open the Connect button in the window itself, not in a frame.'),
        ('refused_host', 'The webhook lies on a host that is not allowed; detail names it.',
            'If it is Microsoft''s: select o365.allow_webhook_host(...).'),
        ('bad_webhook', 'webhook_url can never work; detail says why.', 'Start again from the application.'),
        ('no_parameters', 'The callback was opened without any parameter.', 'Start from o365.connect_button.'),
        ('malformed', 'A parameter of the callback could not be read; detail says which and why.',
            'Start again from the application.'),
        ('unknown_connector', 'The URL names no connector.', 'Compare the callback URL registered at Microsoft with '
            'callback_url in o365.connectors, host and path: each installation has its own.')
      ) AS m (outcome, meaning, next_step)
        ON m.outcome = o.outcome
     WHERE a.attempt_id = ANY (ARRAY(SELECT b.attempt_id FROM o365_internal.connect_attempt AS b
                                      WHERE b.request_id = $1))
        OR a.attempt_id = CASE WHEN $1 ~ '^[0-9]{1,18}$' THEN $1::bigint END
     ORDER BY a.attempt_id $$;
COMMENT ON FUNCTION o365.connect_attempt(text) IS
    'What became of an attempt to connect, by the request id that a page shows (r-...) or by attempt_id: outcome, its '
    'meaning and the next step. No row if there is none, or if it is older than history_days.';
