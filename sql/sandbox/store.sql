-- Publish to Store: the submission checklist (office365-connectors.md 9.3), the review, and the catalog.

CREATE OR REPLACE FUNCTION o365_internal.sandbox_has_html(card text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF card IS NULL OR card !~* '<|\\u003c' THEN
        RETURN false;
    END IF;
    RETURN EXISTS (
        SELECT FROM jsonb_path_query(card::jsonb,
                                     '$.** ? (@.type() == "object").keyvalue() ? (@.value.type() == "string" && @.key '
                                     '!= "body")') AS o (field)
         WHERE regexp_replace(o.field->>'value', '`[^`]*`', '',
                              'g') ~* '(?<!\\)<(/?(?!at>)[a-z][a-z0-9-]*(\s[^<>]*)?/?>|!--)' COLLATE "C");
EXCEPTION WHEN OTHERS THEN
    -- jsonb has no U+0000, which JSON has.
    RETURN card ~* '<[a-z][a-z0-9]*(\s[^<>]*)?>' COLLATE "C";
END $$;
COMMENT ON FUNCTION o365_internal.sandbox_has_html(text) IS
    'Whether a text of a card that people see holds a tag of HTML, however JSON spells it. None are: an autolink, a '
    'mention of an Adaptive Card (<at>), what stands in a code span or behind a backslash; nor what an action sends. '
    'False for null.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_checklist(person text, app_id uuid, callback_verdict text,
                                                           callback_detail text)
RETURNS TABLE (item text, title text, verdict text, detail text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH r AS (SELECT r.* FROM o365_internal.sandbox_registration AS r WHERE r.app_id = $2 AND r.person = $1
                  AND r.deleted_at IS NULL),
    posts AS (
        SELECT count(*) AS n, count(*) FILTER (WHERE o365_internal.sandbox_has_html(p.card)) AS html,
               coalesce(max(p.in_hour), 0) AS in_hour
          FROM (SELECT p.card, count(*) OVER (PARTITION BY p.target_id, date_trunc('hour', p.received_at)) AS in_hour
                  FROM o365_internal.sandbox_post AS p JOIN o365_internal.sandbox_webhook AS w
                      ON w.webhook_id = p.webhook_id
                 WHERE w.app_id = $2 AND p.answered = 'ok') AS p),
    actions AS (
        SELECT count(*) AS n, count(*) FILTER (WHERE a.problem IS NOT NULL) AS failed,
               coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY a.took_ms), 0) AS took
          FROM o365_internal.sandbox_action AS a JOIN o365_internal.sandbox_post AS p ON p.post_id = a.post_id
          JOIN o365_internal.sandbox_webhook AS w ON w.webhook_id = p.webhook_id WHERE w.app_id = $2
              AND a.token IN ('entra', 'legacy'))
    SELECT c.item, c.title, c.verdict, c.detail FROM r, posts, actions,
        LATERAL (SELECT coalesce(r.landing_page, CASE WHEN r.enabled_for = '{mail}'
                                 THEN r.inbox_landing_page END) AS page) AS l, LATERAL (VALUES
        (1, 'working', 'It works in Outlook on the web, Outlook 2016 or later and Groups on a phone', 'look',
            'Connect a group here, look at its feed, then do the same in each of them.'),
        (2, 'markdown', 'Cards hold Markdown, no HTML', CASE WHEN posts.n = 0 THEN 'look' WHEN posts.html > 0
            THEN 'fail' ELSE 'pass' END,
            CASE WHEN posts.n = 0 THEN 'It has posted nothing here yet, so nothing could be looked at.'
                 WHEN posts.html > 0 THEN format('%s of %s cards hold HTML tags.', posts.html, posts.n)
                 ELSE format('None of %s cards holds an HTML tag.', posts.n) END),
        (3, 'few', 'Few notifications, and each is worth reading', 'look',
            CASE WHEN posts.n = 0 THEN 'It has posted nothing here yet.'
                ELSE format('At most %s cards came to one place within an hour.', posts.in_hour) END),
        (4, 'digest', 'Users choose a digest, its time and how often it comes', 'look',
         'Open the page that manages a connection.'),
        (5, 'actions', 'Actions are meaningful, rarely fail and answer fast',
            CASE WHEN cardinality(r.target_urls) = 0 THEN 'pass' WHEN actions.n = 0 THEN 'look'
                 WHEN actions.failed * 10 > actions.n OR actions.took > 2000 THEN 'fail' ELSE 'pass' END,
            CASE WHEN cardinality(r.target_urls) = 0 THEN 'It has no actions.' WHEN actions.n = 0
                THEN 'Nobody has pressed one here yet.'
                 ELSE format('%s of %s failed; half of them answered within %s ms. At most a tenth may fail, and '
                             '2,000 ms are the limit.',
                             actions.failed, actions.n, actions.took) END),
        (6, 'pause', 'Users can pause a connection and remove it', 'look', 'Open the page that manages a connection.'),
        (7, 'documentation', 'There is documentation for users', 'look',
         'How to connect, what is posted, how to pause and remove.'),
        (8, 'callback', 'The redirect URL keeps the webhook from other sites', $3, $4),
        (9, 'https', 'The redirect URL is HTTPS on a public host',
            CASE WHEN o365_internal.is_loopback_url(r.callback_url) THEN 'look'
                WHEN o365_internal.is_https_url(r.callback_url) THEN 'pass' ELSE 'fail' END,
            CASE WHEN o365_internal.is_loopback_url(r.callback_url)
                THEN 'It is on this machine: right for development, to be changed before real users come.'
                 ELSE 'The address says so.' END),
        (10, 'logo', 'The logo is a jpg, jpeg, png or gif under 60 KB', 'pass',
         format('%s, %s bytes.', r.logo_type, octet_length(r.logo))),
        (11, 'name', 'The name infringes no trademark', 'look', format('It is called %s.', r.name)),
        (12, 'descriptions', 'Short and detailed description say what it brings', CASE
            WHEN length(r.long_description) > length(r.short_description) THEN 'pass' ELSE 'fail' END,
            format('%s and %s characters.', length(r.short_description), length(r.long_description))),
        (13, 'landing', 'The landing page leads straight to the button',
            CASE WHEN l.page IS NULL OR l.page ~ '^https?://[^/]*/?$' THEN 'fail' ELSE 'pass' END,
            CASE WHEN l.page IS NULL THEN 'It has none: edit the connector.' WHEN l.page ~ '^https?://[^/]*/?$'
                THEN 'It is a home page, not the page with the button.'
                 ELSE l.page END)
    ) AS c (rank, item, title, verdict, detail) ORDER BY c.rank $$;
COMMENT ON FUNCTION o365_programs.sandbox_checklist(text, uuid, text, text) IS
    'The submission checklist for a developer''s connector: verdict pass, fail, or look (a person has to). What a '
    'request to the redirect URL showed is passed in. No row: it is not theirs.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_submit(person text, app_id uuid, callback_verdict text,
    callback_detail text, looked_at text[],
    instructions text, test_account text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_problems jsonb;
BEGIN
    PERFORM FROM o365_internal.sandbox_registration AS r
      WHERE r.app_id = sandbox_submit.app_id AND r.person = sandbox_submit.person AND r.deleted_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN '{"problems": ["There is no such connector of yours."]}';
    END IF;
    SELECT jsonb_agg(p.problem) INTO v_problems FROM (
        SELECT c.title || ': ' || c.detail AS problem
          FROM o365_programs.sandbox_checklist(person, app_id, callback_verdict, callback_detail) AS c
         WHERE c.verdict = 'fail'
        UNION ALL
        SELECT c.title || ': look yourself, then tick it.'
          FROM o365_programs.sandbox_checklist(person, app_id, callback_verdict, callback_detail) AS c
         WHERE c.verdict = 'look' AND NOT c.item = ANY (coalesce(sandbox_submit.looked_at, '{}'))
        UNION ALL
        SELECT 'Step-by-step instructions: write at least two lines, the reviewer does not know your product.'
         WHERE coalesce(sandbox_submit.instructions, '') !~ '[^[:space:]]+\s*\n\s*[^[:space:]]+' COLLATE "C"
        UNION ALL
        SELECT 'Test account: the reviewer needs one.'
         WHERE coalesce(sandbox_submit.test_account, '') !~ '[^[:space:]]' COLLATE "C") AS p;
    IF v_problems IS NULL THEN
        UPDATE o365_internal.sandbox_registration AS r SET stage = 'submitted', looked_at = sandbox_submit.looked_at,
               instructions = sandbox_submit.instructions, test_account = sandbox_submit.test_account, reviewer = NULL,
               reasons = NULL, reviewed_at = NULL
         WHERE r.app_id = sandbox_submit.app_id;
        -- As it is now: a reviewer decides on that, whatever is changed meanwhile.
        DELETE FROM o365_internal.sandbox_submission AS s WHERE s.app_id = sandbox_submit.app_id
           AND s.approved_at IS NULL;
        INSERT INTO o365_internal.sandbox_submission (app_id, registration)
            SELECT r.app_id, r FROM o365_internal.sandbox_registration AS r WHERE r.app_id = sandbox_submit.app_id;
    END IF;
    RETURN jsonb_build_object('problems', coalesce(v_problems, '[]'));
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_submit(text, uuid, text, text, text[], text, text) IS
    'Submits a connector for review. problems lists the items that fail, those to look at that were not, and what the '
    'reviewer lacks; with any, nothing is submitted.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_submissions() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(o365_internal.sandbox_shown(s.registration)
               || jsonb_build_object('submission_id', s.submission_id,
               'picture', s.app_id || '/' || s.submission_id) ORDER BY s.submission_id), '[]')
      FROM o365_internal.sandbox_submission AS s WHERE s.approved_at IS NULL $$;
COMMENT ON FUNCTION o365_programs.sandbox_submissions() IS
    'Connectors that wait for a reviewer, as they were when they were submitted, oldest first.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_review(reviewer text, app_id uuid, submission_id integer,
                                                        approved boolean, reasons text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_person text;
    v_waiting integer;
BEGIN
    SELECT r.person INTO v_person FROM o365_internal.sandbox_registration AS r WHERE r.app_id = sandbox_review.app_id
     FOR UPDATE;
    SELECT s.submission_id INTO v_waiting FROM o365_internal.sandbox_submission AS s
     WHERE s.app_id = sandbox_review.app_id AND s.approved_at IS NULL;
    IF v_waiting IS NULL THEN
        RETURN 'It does not wait for a review any more.';
    ELSIF v_waiting IS DISTINCT FROM sandbox_review.submission_id THEN
        RETURN 'It has changed since you looked: look again, at what was submitted last, and decide on that.';
    ELSIF v_person = sandbox_review.reviewer THEN
        RETURN 'Nobody reviews a connector of their own: sign in with another name.';
    ELSIF NOT approved AND coalesce(reasons, '') !~ '[^[:space:]]' COLLATE "C" THEN
        RETURN 'A rejection says why.';
    END IF;
    IF approved THEN
        DELETE FROM o365_internal.sandbox_submission AS s WHERE s.app_id = sandbox_review.app_id
           AND s.approved_at IS NOT NULL;
        UPDATE o365_internal.sandbox_submission AS s SET approved_at = now(), reviewer = sandbox_review.reviewer
         WHERE s.submission_id = v_waiting;
    ELSE
        DELETE FROM o365_internal.sandbox_submission AS s WHERE s.submission_id = v_waiting;
    END IF;
    UPDATE o365_internal.sandbox_registration AS r SET stage = CASE WHEN approved THEN 'approved'
        ELSE 'rejected' END, reviewer = sandbox_review.reviewer,
           reasons = nullif(sandbox_review.reasons, ''), reviewed_at = now()
     WHERE r.app_id = sandbox_review.app_id;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_review(text, uuid, integer, boolean, text) IS
    'Approves or rejects what a reviewer was shown, by the number that o365_programs.sandbox_submissions gave it, and '
    'says null; or says why not: one that does not wait, one that was submitted again since, a reviewer''s own, a '
    'rejection without reasons. Approved, it takes the place in the catalog of the version that was approved before; '
    'rejected, that one stays.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_catalog(person text DEFAULT NULL, kind text DEFAULT NULL) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(o365_internal.sandbox_shown(o.registration)
               || jsonb_build_object('is_sideloaded', o.rank = 1, 'picture', o.picture,
               'for_mail', 'mail' = ANY ((o.registration).enabled_for), 'for_groups',
               (o.registration).enabled_for && '{groups,teams}')
           ORDER BY o.rank, lower((o.registration).name COLLATE "C"), (o.registration).app_id), '[]')
      FROM (SELECT DISTINCT ON ((v.registration).app_id) v.rank, v.registration, v.picture
              FROM (SELECT 1 AS rank, r AS registration, r.app_id::text AS picture
                     FROM o365_internal.sandbox_registration AS r
                     WHERE r.sideloaded_at IS NOT NULL AND r.stage <> 'approved' AND r.person = $1
                       AND r.enabled_for && '{mail,groups}'
                       AND coalesce($2, '') <> 'teams'
                    UNION ALL
                    SELECT 2, s.registration, s.app_id || '/' || s.submission_id
                      FROM o365_internal.sandbox_submission AS s
                     WHERE s.approved_at IS NOT NULL) AS v
             WHERE $2 IS NULL OR $2 = ANY ((v.registration).enabled_for)
             ORDER BY (v.registration).app_id, v.rank) AS o $$;
COMMENT ON FUNCTION o365_programs.sandbox_catalog(text, text) IS
    'Connectors that a person finds at a place of that kind (mail, groups, teams; null: anywhere), by name: those '
    'that were approved, as they were then, after those that the person sideloaded, as they are now, which Teams does '
    'not show. for_mail and for_groups say where each can be added.';
