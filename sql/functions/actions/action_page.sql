CREATE OR REPLACE FUNCTION o365_internal.action_page(card_id bigint, number integer, link_hash bytea) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_public_url text := o365_internal.text_setting('public_url');
    v_page jsonb;
BEGIN
    IF link_hash = o365_internal.action_link_hash(card_id, number) THEN
        SELECT o365_internal.connector_page(v_public_url, c.slug, c.name, c.short_description, c.website, c.language)
               || jsonb_build_object('title', a.title) || (a.actions->(action_page.number::text)) INTO v_page
          FROM o365_internal.card_action AS a
          JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id AND s.status <> 'removed'
          JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id AND c.removed_at IS NULL
         WHERE a.card_id = action_page.card_id
           AND a.at > now() - make_interval(days => o365_internal.integer_setting('action_days'));
    END IF;
    -- The same answer for an invalid link, an expired one, and one whose connection is gone.
    RETURN coalesce(v_page, jsonb_build_object('found', false, 'public_url', v_public_url));
END $$;
COMMENT ON FUNCTION o365_internal.action_page(bigint, integer, bytea) IS
    'What the page of a card''s action shows: connector, the card''s title, path and action. found is false unless the '
    'link is ours and not older than action_days, and its connection and connector still exist.';
