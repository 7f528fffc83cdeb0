-- All functions, one a file: functions/<subject>/<function>.sql, where functions of one name and other arguments share
-- a file. Their order is free, since they refer to each other in both directions; install.sql includes this list.
--
-- What every callback, card and claim calls is PL/pgSQL: it keeps its plans for the session, where a function in SQL
-- that is not inlined is parsed and planned anew at each call.

-- Functions that call pgcrypto are made for the schema where it is.
SELECT n.nspname AS pgcrypto FROM pg_catalog.pg_extension AS e
  JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
 WHERE e.extname = 'pgcrypto' \gset

-- Settings of the installation, and the hosts that webhooks may lie on.
\ir functions/settings/allow_webhook_host.sql
\ir functions/settings/allowed_hosts.sql
\ir functions/settings/entry_of_host.sql
\ir functions/settings/forbid_webhook_host.sql
\ir functions/settings/gather_lanes.sql
\ir functions/settings/hold_host.sql
\ir functions/settings/host_of.sql
\ir functions/settings/integer_setting.sql
\ir functions/settings/locked_far_end.sql
\ir functions/settings/release_host.sql
\ir functions/settings/set.sql
\ir functions/settings/text_setting.sql
\ir functions/settings/webhook_dialect.sql

-- Words and forms of text that several subjects use.
\ir functions/text/control_character.sql
\ir functions/text/html.sql
\ir functions/text/moment.sql
\ir functions/text/one_line.sql
\ir functions/text/plural.sql
\ir functions/text/reason_text.sql
\ir functions/text/url_encoded.sql

-- Keys, and what is sealed under them. keys/seal.sql says how a secret may move.
\ir functions/keys/blind_index.sql
\ir functions/keys/random_token.sql
\ir functions/keys/seal.sql
\ir functions/keys/seal_webhook.sql
\ir functions/keys/sealed_rows.sql
\ir functions/keys/worker_add_key.sql
\ir functions/keys/worker_key_backed_up.sql
\ir functions/keys/worker_keys.sql
\ir functions/keys/worker_seal_probe.sql
\ir functions/keys/worker_unopenable.sql

-- Whose signed tokens are accepted, and the keys for their signatures.
\ir functions/tokens/is_connecting_user.sql
\ir functions/tokens/needs_signing_keys.sql
\ir functions/tokens/responder_ask_for_keys.sql
\ir functions/tokens/responder_token_profiles.sql
\ir functions/tokens/set_token_profile.sql
\ir functions/tokens/token_profile_problems.sql
\ir functions/tokens/worker_signing_key_fetches.sql
\ir functions/tokens/worker_signing_keys_fetched.sql

-- Which database, server and version this is. A copy of a database sends nothing until it is told what it is.
\ir functions/database/advance_sequences.sql
\ir functions/database/clock_put_back.sql
\ir functions/database/cluster_id.sql
\ir functions/database/copied.sql
\ir functions/database/outdated_server.sql
\ir functions/database/pgcrypto_problem.sql
\ir functions/database/server_findings.sql
\ir functions/database/this_database.sql
\ir functions/database/this_is.sql
\ir functions/database/version.sql

-- Webhooks of Teams workflows that users paste, and how each is proven by a code.
\ir functions/workflow/is_retired_connect_url.sql
\ir functions/workflow/lock_pasted_attempt.sql
\ir functions/workflow/pasted_attempt.sql
\ir functions/workflow/proof_code.sql
\ir functions/workflow/proof_is_open.sql
\ir functions/workflow/prove.sql
\ir functions/workflow/queue_test_card.sql
\ir functions/workflow/receive_paste.sql
\ir functions/workflow/receive_proof.sql
\ir functions/workflow/record_paste.sql
\ir functions/workflow/responder_new_code.sql
\ir functions/workflow/responder_paste_outcome.sql
\ir functions/workflow/responder_proof.sql
\ir functions/workflow/test_card_text.sql
\ir functions/workflow/ways_of.sql

-- Data about people: export, erasure, and finding somebody by a directory object id.
\ir functions/people/connectors_to_act_for.sql
\ir functions/people/erase_connection.sql
\ir functions/people/erase_user.sql
\ir functions/people/export_user.sql
\ir functions/people/exported_connection.sql
\ir functions/people/receive_user_object_id.sql
\ir functions/people/without_links.sql
\ir functions/people/worker_subscriptions_by_user_object_id.sql

-- The store's checklist against this installation.
\ir functions/preflight/clear_preflight.sql
\ir functions/preflight/plant_preflight.sql
\ir functions/preflight/preflight.sql
\ir functions/preflight/preflight_actions.sql
\ir functions/preflight/preflight_cards.sql
\ir functions/preflight/preflight_registration.sql
\ir functions/preflight/worker_clear_preflight.sql
\ir functions/preflight/worker_plant_preflight.sql
\ir functions/preflight/worker_preflight.sql

-- What happened, for operators and applications.
\ir functions/events/actor.sql
\ir functions/events/actor_words.sql
\ir functions/events/last_event.sql
\ir functions/events/note_cards.sql
\ir functions/events/note_event.sql
\ir functions/events/take_events.sql

-- Webhooks that an operator imports, and links that renew connections.
\ir functions/import/await_proof.sql
\ir functions/import/import_verdict.sql
\ir functions/import/receive_import.sql
\ir functions/import/renewal_card.sql
\ir functions/import/renewal_link.sql
\ir functions/import/worker_import_outcome.sql

-- Who may use what, besides EXECUTE (grants.sql). SECURITY DEFINER because the views call them as their reader:
-- PostgreSQL checks the tables of a view against its owner, but its functions against whoever reads it.
\ir functions/privileges/connector_to_use.sql
\ir functions/privileges/few_attempts.sql
\ir functions/privileges/few_card_warnings.sql
\ir functions/privileges/few_deliveries.sql
\ir functions/privileges/few_event_connectors.sql
\ir functions/privileges/few_events.sql
\ir functions/privileges/few_subscriptions.sql
\ir functions/privileges/few_wait.sql
\ir functions/privileges/few_waiting.sql
\ir functions/privileges/grant_application.sql
\ir functions/privileges/grants_to_others.sql
\ir functions/privileges/has_roles.sql
\ir functions/privileges/is_operator.sql
\ir functions/privileges/join_applications.sql
\ir functions/privileges/may_see.sql
\ir functions/privileges/may_use.sql
\ir functions/privileges/revoke_application.sql
\ir functions/privileges/visible_connectors.sql

-- Registration: the checks of Microsoft's developer dashboard in one place.
\ir functions/connectors/alter_connector.sql
\ir functions/connectors/connect_button.sql
\ir functions/connectors/connect_button_documented.sql
\ir functions/connectors/connector_problems.sql
\ir functions/connectors/is_below_a_target.sql
\ir functions/connectors/is_https_url.sql
\ir functions/connectors/is_loopback_url.sql
\ir functions/connectors/leads_back.sql
\ir functions/connectors/logo_type.sql
\ir functions/connectors/register_connector.sql
\ir functions/connectors/registered_connector.sql
\ir functions/connectors/remove_connector.sql
\ir functions/connectors/save_connector.sql

-- Connecting: tickets, attempts, and what a callback does.
\ir functions/connect/attempt_by_public_id.sql
\ir functions/connect/attempt_to_retry.sql
\ir functions/connect/begin_connect.sql
\ir functions/connect/callback_error_outcome.sql
\ir functions/connect/check_app_user.sql
\ir functions/connect/check_connecting_user.sql
\ir functions/connect/connect_attempt.sql
\ir functions/connect/connect_link.sql
\ir functions/connect/connection_that_stands.sql
\ir functions/connect/connections.sql
\ir functions/connect/end_attempt.sql
\ir functions/connect/is_app_user.sql
\ir functions/connect/judge_attempt.sql
\ir functions/connect/label.sql
\ir functions/connect/may_connect_user.sql
\ir functions/connect/may_note_refusal.sql
\ir functions/connect/named_place.sql
\ir functions/connect/open_ticket.sql
\ir functions/connect/outcome_now.sql
\ir functions/connect/pass_refusal.sql
\ir functions/connect/receive_callback.sql
\ir functions/connect/receive_callbacks.sql
\ir functions/connect/replace_webhook.sql
\ir functions/connect/same_place.sql
\ir functions/connect/is_too_many.sql
\ir functions/connect/stateless_before.sql
\ir functions/connect/store_callback.sql
\ir functions/connect/wait_for_webhook.sql
\ir functions/connect/way_on.sql

-- What the responder calls: one statement a request, an answer in one jsonb.
\ir functions/responder/connector_by_slug.sql
\ir functions/responder/connector_page.sql
\ir functions/responder/responder_callback_error.sql
\ir functions/responder/responder_callback_outcome.sql
\ir functions/responder/responder_callback_outcomes.sql
\ir functions/responder/responder_confirm.sql
\ir functions/responder/responder_connectors.sql
\ir functions/responder/responder_done.sql
\ir functions/responder/responder_failed.sql
\ir functions/responder/responder_health.sql
\ir functions/responder/responder_landing.sql
\ir functions/responder/responder_logo.sql
\ir functions/responder/responder_start.sql

-- The page on which people manage what they connected.
\ir functions/manage/add_manage_link.sql
\ir functions/manage/connection_to_manage.sql
\ir functions/manage/end_manage_tickets.sql
\ir functions/manage/in_zone.sql
\ir functions/manage/manage_link.sql
\ir functions/manage/managed.sql
\ir functions/manage/pause_end.sql
\ir functions/manage/responder_manage.sql
\ir functions/manage/responder_manage_act.sql
\ir functions/manage/responder_manage_link.sql
\ir functions/manage/revoke_manage_links.sql
\ir functions/manage/too_many_presses.sql

-- Card actions for Workflows webhooks: the stored part of a card, the page that its links lead to, and the events that
-- the application takes.
\ir functions/actions/action_link_hash.sql
\ir functions/actions/action_mac.sql
\ir functions/actions/action_outcome.sql
\ir functions/actions/action_page.sql
\ir functions/actions/action_wait_until.sql
\ir functions/actions/answer_action.sql
\ir functions/actions/answer_of_action.sql
\ir functions/actions/called_action.sql
\ir functions/actions/card_name.sql
\ir functions/actions/checked_answer.sql
\ir functions/actions/has_own_target.sql
\ir functions/actions/keep_answer.sql
\ir functions/actions/keep_own_actions.sql
\ir functions/actions/kept_actions.sql
\ir functions/actions/link_waiting_cards.sql
\ir functions/actions/linked_actions.sql
\ir functions/actions/lock_card_action.sql
\ir functions/actions/on_action.sql
\ir functions/actions/on_connector_action.sql
\ir functions/actions/own_target.sql
\ir functions/actions/receive_action_call.sql
\ir functions/actions/record_action_call.sql
\ir functions/actions/responder_act.sql
\ir functions/actions/responder_action.sql
\ir functions/actions/responder_action_answer.sql
\ir functions/actions/responder_action_outcome.sql
\ir functions/actions/responder_action_took.sql
\ir functions/actions/sweep_actions.sql
\ir functions/actions/take_action_events.sql
\ir functions/actions/with_own_targets.sql
\ir functions/actions/without_escapes.sql
\ir functions/actions/worker_action_key.sql

-- Sending. A send inserts one row and touches nothing that another session could wait for.
\ir functions/cards/card.sql
\ir functions/cards/event_problem.sql
\ir functions/cards/link.sql
\ir functions/cards/lock_removed.sql
\ir functions/cards/markdown_escape.sql
\ir functions/cards/mention.sql
\ir functions/cards/refuse_card.sql
\ir functions/cards/send_card.sql
\ir functions/cards/send.sql
\ir functions/cards/send_many.sql
\ir functions/cards/send_to_user.sql
\ir functions/cards/status_problem.sql
\ir functions/cards/test_cards.sql
\ir functions/cards/try_send.sql
\ir functions/cards/unwanted_problem.sql

-- Options of a card: when it may leave, what replaces it, and what is stored of a card that died.
\ir functions/options/cancel_card.sql
\ir functions/options/card_to_change.sql
\ir functions/options/check_options.sql
\ir functions/options/deduped.sql
\ir functions/options/end_scheduled.sql
\ir functions/options/keep_content.sql
\ir functions/options/keep_reported.sql
\ir functions/options/move_scheduled.sql
\ir functions/options/option_end.sql
\ir functions/options/put_card.sql
\ir functions/options/repeated_problem.sql
\ir functions/options/replaced_by.sql
\ir functions/options/resend_card.sql
\ir functions/options/retry_card.sql
\ir functions/options/retry_dead.sql
\ir functions/options/set_card_aside.sql
\ir functions/options/take_up_again.sql
\ir functions/options/unclear_posts.sql
\ir functions/options/urgent_at.sql
\ir functions/options/with_doubt.sql

-- Fields beside a card.
\ir functions/extra/check_extra.sql
\ir functions/extra/extra_problems.sql
\ir functions/extra/set_extra.sql

-- Who holds what, in words that an operator can act on. Every role may see what is read here: process id, role and
-- application_name; never a statement.
\ir functions/sessions/holders.sql
\ir functions/sessions/lane_waits.sql
\ir functions/sessions/locked_by.sql
\ir functions/sessions/session_name.sql
\ir functions/sessions/who_stays.sql

-- The delivery core: arrivals, claim, report. docs/delivery.md explains it; lines marked (!) are there because without
-- them its attack (tests/sql/attack) finds lost, doubled or reordered cards. Every statement is planned the same way
-- whatever the statistics say: no sequential scans, joins only as lateral look-ups by key or by ctid, generic plans.
--
-- What holds between the calls:
-- * A card is *fed* when its transaction is visible in the last fed.snap, or its lane was handed the cards of its bulk
--   transaction (handed_over).
-- * Every fed card of a lane that has not ended is past the lane's cursor, or in its list `late`; a lane with one is
--   due, leased or held. The exceptions are the lanes in `postponed`, and, while a restored database is handed over
--   again, the lanes not reached yet (feeding_again); neither are claimed.
-- * Only fed cards leave: the cards of one transaction are fed together in each lane, and so keep their order.
\ir functions/quotas/longest_window.sql
\ir functions/quotas/lost_posts.sql
\ir functions/quotas/webhook_group.sql
\ir functions/quotas/quota_count.sql
\ir functions/quotas/quota_halvings.sql
\ir functions/quotas/quota_take.sql
\ir functions/quotas/leave_webhook.sql
\ir functions/quotas/join_webhook.sql
\ir functions/quotas/join_webhooks.sql
\ir functions/quotas/quota_grant.sql
\ir functions/quotas/quota_grant_of_group.sql
\ir functions/quotas/quota_learn.sql
\ir functions/quotas/quota_limits_of.sql
\ir functions/quotas/quota_look.sql
\ir functions/quotas/quota_most.sql
\ir functions/quotas/quota_name.sql
\ir functions/quotas/quota_reason.sql
\ir functions/quotas/quota_settle.sql
\ir functions/quotas/quota_sharers.sql
\ir functions/quotas/quota_wake.sql
\ir functions/quotas/quota_usage.sql
\ir functions/quotas/set_quota.sql
\ir functions/quotas/set_quota_policy.sql
\ir functions/quotas/waits_for_quota.sql
\ir functions/quotas/share_quota.sql
\ir functions/quotas/forecast.sql
\ir functions/lanes/all_turns.sql
\ir functions/lanes/card_failed.sql
\ir functions/lanes/cards_a_lease.sql
\ir functions/lanes/claim.sql
\ir functions/lanes/claimable_hosts.sql
\ir functions/lanes/end_cards.sql
\ir functions/lanes/far_end_failed.sql
\ir functions/lanes/far_ends_answered.sql
\ir functions/lanes/feed_again.sql
\ir functions/lanes/feed_again_if_restored.sql
\ir functions/lanes/feed_on.sql
\ir functions/lanes/find_busy_connectors.sql
\ir functions/lanes/hand_over_again.sql
\ir functions/lanes/handed_over.sql
\ir functions/lanes/hosts_there_are.sql
\ir functions/lanes/idle_time.sql
\ir functions/lanes/is_restored.sql
\ir functions/lanes/lease_arrived.sql
\ir functions/lanes/lease_few.sql
\ir functions/lanes/lease_lanes.sql
\ir functions/lanes/lost_status.sql
\ir functions/lanes/make_lane.sql
\ir functions/lanes/move_lane.sql
\ir functions/lanes/open_hosts.sql
\ir functions/lanes/passes_wait.sql
\ir functions/lanes/probe_backoff.sql
\ir functions/lanes/put_probes_first.sql
\ir functions/lanes/retry_step.sql
\ir functions/lanes/snapshot_until.sql
\ir functions/lanes/suspect.sql
\ir functions/lanes/test_card_failed.sql
\ir functions/lanes/tests_below.sql
\ir functions/lanes/turns.sql
\ir functions/lanes/worker_cards.sql
\ir functions/lanes/worker_claim.sql
\ir functions/lanes/worker_feed.sql
\ir functions/lanes/worker_lease.sql
\ir functions/lanes/worker_recheck.sql
\ir functions/lanes/repeated_posts.sql
\ir functions/lanes/worker_report.sql

-- Schedules and digests: when cards leave that are not sent at once, and how they are folded.
\ir functions/schedules/adaptive_digest.sql
\ir functions/schedules/await_runs.sql
\ir functions/schedules/digest_container.sql
\ir functions/schedules/digest_groups.sql
\ir functions/schedules/digest_kind.sql
\ir functions/schedules/digest_section.sql
\ir functions/schedules/digest_text.sql
\ir functions/schedules/fed_cards.sql
\ir functions/schedules/fold_cards.sql
\ir functions/schedules/fold_due.sql
\ir functions/schedules/fold_lane.sql
\ir functions/schedules/local_instant.sql
\ir functions/schedules/make_digest.sql
\ir functions/schedules/message_digest.sql
\ir functions/schedules/next_run.sql
\ir functions/schedules/preview_digest.sql
\ir functions/schedules/put_schedule.sql
\ir functions/schedules/schedule_length.sql
\ir functions/schedules/schedule_of.sql
\ir functions/schedules/schedule_zone.sql
\ir functions/schedules/set_schedule.sql
\ir functions/schedules/time_to_clear.sql
\ir functions/schedules/time_zone_of.sql
\ir functions/schedules/to_take.sql

-- Functions that a worker calls besides the delivery core.
\ir functions/worker/keys_of_others.sql
\ir functions/worker/living_workers.sql
\ir functions/worker/worker_adopt.sql
\ir functions/worker/worker_describe.sql
\ir functions/worker/worker_heartbeat.sql
\ir functions/worker/worker_orders.sql
\ir functions/worker/worker_outlook.sql
\ir functions/worker/worker_secrets.sql
\ir functions/worker/worker_start.sql
\ir functions/worker/worker_stop.sql
\ir functions/worker/workers_away.sql

-- What operators and applications do with subscriptions.
-- A lane's pause follows its subscription's status in the same transaction.
\ir functions/subscriptions/check_end.sql
\ir functions/subscriptions/disconnect.sql
\ir functions/subscriptions/forget_failures.sql
\ir functions/subscriptions/hold.sql
\ir functions/subscriptions/lock_subscription.sql
\ir functions/subscriptions/locked_subscription.sql
\ir functions/subscriptions/may_confirm.sql
\ir functions/subscriptions/move_connections.sql
\ir functions/subscriptions/pause.sql
\ir functions/subscriptions/pause_subscription.sql
\ir functions/subscriptions/refuse_locked.sql
\ir functions/subscriptions/remove.sql
\ir functions/subscriptions/remove_subscription.sql
\ir functions/subscriptions/resume.sql
\ir functions/subscriptions/resume_subscription.sql
\ir functions/subscriptions/revive.sql
\ir functions/subscriptions/send_test.sql
\ir functions/subscriptions/set_in_doubt_policy.sql
\ir functions/subscriptions/stop_lane.sql
\ir functions/subscriptions/subscription_to_change.sql
\ir functions/subscriptions/sweep_unconfirmed.sql
\ir functions/subscriptions/tell_verdicts.sql
\ir functions/subscriptions/too_many_tests.sql
\ir functions/subscriptions/wake.sql

-- The history and its partitions. An INSERT locks the parent, then the partition, and so do these functions. A reader
-- that keeps its transaction open holds locks on all of them, so nothing here can rely on ever getting its lock: rows
-- without a partition are in the default partition, where the views read them, and old rows are deleted if their
-- partition cannot be dropped.
\ir functions/history/delete_some.sql
\ir functions/history/history_begins.sql
\ir functions/history/lock_history.sql
\ir functions/history/make_partition.sql
\ir functions/history/make_partitions.sql
\ir functions/history/outcomes_not_counted.sql
\ir functions/history/partition_name.sql
\ir functions/history/prepare_partition.sql
\ir functions/history/set_default_aside.sql

-- Housekeeping. Each chore is a function o365_internal.chore_NAME() that returns what it did, null when there was
-- nothing to do. It runs in a block of its own: one that fails undoes none of the others and is tried again a minute
-- later. Chores wait 200 ms at most for a lock. Those that change the history's tables come last, because their locks
-- last to the end.
\ir functions/chores/chore_abandon_attempts.sql
\ir functions/chores/chore_count_outcomes.sql
\ir functions/chores/chore_drop_partitions.sql
\ir functions/chores/chore_empty_default_partition.sql
\ir functions/chores/chore_end_card_actions.sql
\ir functions/chores/chore_find_idle.sql
\ir functions/chores/chore_fold_late.sql
\ir functions/chores/chore_forget_webhooks.sql
\ir functions/chores/chore_forget_attempts.sql
\ir functions/chores/chore_forget_card_warnings.sql
\ir functions/chores/chore_forget_options.sql
\ir functions/chores/chore_forget_rounds.sql
\ir functions/chores/chore_forget_tickets.sql
\ir functions/chores/chore_forget_untaken_events.sql
\ir functions/chores/chore_forget_workers.sql
\ir functions/chores/chore_make_partitions.sql
\ir functions/chores/chore_remove_unconfirmed.sql
\ir functions/chores/chore_resume_paused.sql
\ir functions/chores/chore_sweep_removed.sql
\ir functions/chores/note_chore.sql
\ir functions/chores/worker_chores.sql

-- What operators and applications ask about cards; the views are in views/cards.sql and views/history.sql.
-- Sentences are made here without a capital and a full stop, which o365.explain_card adds.
\ir functions/console/explain_arrival.sql
\ir functions/console/explain_card.sql
\ir functions/console/explain_due.sql
\ir functions/console/explain_end.sql
\ir functions/console/explain_holds.sql
\ir functions/console/explain_lane.sql
\ir functions/console/explain_posts.sql
\ir functions/console/explain_scheduled.sql
\ir functions/console/oldest_card.sql
\ir functions/console/retry_schedule.sql
\ir functions/console/status_next_step.sql
\ir functions/console/wait_of.sql
\ir functions/console/wait_of_scheduled.sql
\ir functions/console/workers_at_work.sql

-- o365.audit: one function for each rule.
\ir functions/audit/audit.sql
\ir functions/audit/audit_counts.sql
\ir functions/audit/audit_ends.sql
\ir functions/audit/audit_ids.sql
\ir functions/audit/audit_numbers.sql
\ir functions/audit/audit_order.sql
\ir functions/audit/audit_pauses.sql
\ir functions/audit/audit_posts.sql
\ir functions/audit/audit_is_off.sql
\ir functions/audit/audit_lease.sql
\ir functions/audit/audit_limits.sql
\ir functions/audit/audit_sharers.sql
\ir functions/audit/audit_windows.sql
\ir functions/audit/is_lost.sql

-- o365.health: problems of an installation that the database can see. Each finding is a function
-- o365_internal.health_CODE() that returns a row for each group of objects with the same problem for the same reason,
-- and none if there is no problem; o365.health() lists the codes. To add a finding, add its function and its line in
-- that list. A finding reads by index and reads a bounded number of rows, because monitoring calls it every minute,
-- also with a million connections.
\ir functions/health/application_settings.sql
\ir functions/health/health.sql
\ir functions/health/blocked_lanes.sql
\ir functions/health/health_action_events_waiting.sql
\ir functions/health/health_answers_unclear.sql
\ir functions/health/health_application_not_member.sql
\ir functions/health/health_attempts_abandoned.sql
\ir functions/health/health_button_retired.sql
\ir functions/health/health_callback_url_outside.sql
\ir functions/health/health_card_actions_used_up.sql
\ir functions/health/health_card_waits_long.sql
\ir functions/health/health_cards_all_dead.sql
\ir functions/health/health_cards_fail.sql
\ir functions/health/health_chores_fail.sql
\ir functions/health/health_commits_not_durable.sql
\ir functions/health/health_connections_gone.sql
\ir functions/health/health_connections_retired.sql
\ir functions/health/health_connections_suspended.sql
\ir functions/health/health_database_copied.sql
\ir functions/health/health_database_open_to_all.sql
\ir functions/health/health_events_waiting.sql
\ir functions/health/health_far_ends_slow.sql
\ir functions/health/health_feeding_behind.sql
\ir functions/health/health_granted_to_others.sql
\ir functions/health/health_history_default_partition.sql
\ir functions/health/health_hosts_failing.sql
\ir functions/health/health_hosts_held.sql
\ir functions/health/health_isolation.sql
\ir functions/health/health_lanes_stuck.sql
\ir functions/health/health_modules_unknown.sql
\ir functions/health/health_no_sealing_key.sql
\ir functions/health/health_no_worker.sql
\ir functions/health/health_of_status.sql
\ir functions/health/health_of_versions.sql
\ir functions/health/health_one_role.sql
\ir functions/health/health_pgcrypto_broken.sql
\ir functions/health/health_pgcrypto_open_to_all.sql
\ir functions/health/health_public_url_missing.sql
\ir functions/health/health_role_inherits_nothing.sql
\ir functions/health/health_role_may_not_connect.sql
\ir functions/health/health_role_missing.sql
\ir functions/health/health_sealing_key_not_backed_up.sql
\ir functions/health/health_sealing_key_not_pinned.sql
\ir functions/health/health_server_outdated.sql
\ir functions/health/health_signing_keys_missing.sql
\ir functions/health/health_signing_keys_old.sql
\ir functions/health/health_statements_logged.sql
\ir functions/health/health_strict_cookies.sql
\ir functions/health/health_vacuum_held_back.sql
\ir functions/health/health_version_differs.sql
\ir functions/health/health_version_too_old.sql
\ir functions/health/health_webhook_shared.sql
\ir functions/health/health_webhooks_not_opened.sql
\ir functions/health/health_webhooks_throttled.sql
\ir functions/health/health_worker_cannot_post.sql
\ir functions/health/health_worker_environment.sql
\ir functions/health/health_workers_lost.sql
\ir functions/health/health_workflows_idle.sql
\ir functions/health/held_back.sql

-- Checking a card. Nearly all cards are valid, and card_pattern.sql finds that quickly. Otherwise one walk goes over
-- the card, along the objects and fields of card_rules.sql. Its cost depends on the number of fields, so all checks of
-- a field are one CASE, and messages are made only for problems. The types come first, because functions take them as
-- arguments.
\ir types.sql
\ir functions/check_card/action_codes.sql
\ir functions/check_card/address_codes.sql
\ir functions/check_card/as_boolean.sql
\ir functions/check_card/begins_unseen.sql
\ir functions/check_card/button_address_codes.sql
\ir functions/check_card/card_problems.sql
\ir functions/check_card/card_root.sql
\ir functions/check_card/card_to_send.sql
\ir functions/check_card/check_card.sql
\ir functions/check_card/content_codes.sql
\ir functions/check_card/corrected_codes.sql
\ir functions/check_card/counted_limit.sql
\ir functions/check_card/counted_size.sql
\ir functions/check_card/envelope_codes.sql
\ir functions/check_card/fact_has_parts.sql
\ir functions/check_card/field_codes.sql
\ir functions/check_card/finding_hint.sql
\ir functions/check_card/finding_path.sql
\ir functions/check_card/finding_words.sql
\ir functions/check_card/findings.sql
\ir functions/check_card/form_codes.sql
\ir functions/check_card/form_fields.sql
\ir functions/check_card/has_mentions.sql
\ir functions/check_card/holds_in.sql
\ir functions/check_card/holds_something.sql
\ir functions/check_card/input_codes.sql
\ir functions/check_card/is_blank_for_connector.sql
\ir functions/check_card/is_message_card.sql
\ir functions/check_card/is_seen.sql
\ir functions/check_card/is_shown_element.sql
\ir functions/check_card/is_web_address.sql
\ir functions/check_card/item_findings.sql
\ir functions/check_card/kind_in.sql
\ir functions/check_card/kind_name.sql
\ir functions/check_card/known_doubts.sql
\ir functions/check_card/known_word.sql
\ir functions/check_card/link_codes.sql
\ir functions/check_card/link_findings.sql
\ir functions/check_card/link_spelling.sql
\ir functions/check_card/list_codes.sql
\ir functions/check_card/markdown_codes.sql
\ir functions/check_card/mention_codes.sql
\ir functions/check_card/message_codes.sql
\ir functions/check_card/message_shows_something.sql
\ir functions/check_card/message_text_codes.sql
\ir functions/check_card/missing_codes.sql
\ir functions/check_card/nearest_field.sql
\ir functions/check_card/object_findings.sql
\ir functions/check_card/other_type_codes.sql
\ir functions/check_card/own_target_codes.sql
\ir functions/check_card/picture_codes.sql
\ir functions/check_card/problem.sql
\ir functions/check_card/put_field_right.sql
\ir functions/check_card/put_right.sql
\ir functions/check_card/put_whole_right.sql
\ir functions/check_card/reference_codes.sql
\ir functions/check_card/reference_in_address_codes.sql
\ir functions/check_card/reshaped.sql
\ir functions/check_card/reshaped_problems.sql
\ir functions/check_card/root_codes.sql
\ir functions/check_card/section_count.sql
\ir functions/check_card/shows_something.sql
\ir functions/check_card/simple_card_codes.sql
\ir functions/check_card/size_codes.sql
\ir functions/check_card/string_places.sql
\ir functions/check_card/tag_codes.sql
\ir functions/check_card/target_codes.sql
\ir functions/check_card/template_codes.sql
\ir functions/check_card/template_in_address_codes.sql
\ir functions/check_card/text_codes.sql
\ir functions/check_card/text_meant.sql
\ir functions/check_card/unknown_kind_code.sql
\ir functions/check_card/value_codes.sql
\ir functions/check_card/walked_problems.sql
\ir functions/check_card/whole_codes.sql
\ir functions/check_card/whole_problem.sql
\ir functions/check_card/with_size_after.sql
\ir functions/check_card/word_code.sql
\ir functions/check_card/word_codes.sql
