-- The views, one file for each subject. install.sql includes this twice: in a second schema, to find out which views
-- changed, and in place.
\ir views/settings.sql
\ir views/connectors.sql
\ir views/subscriptions.sql
\ir views/cards.sql
\ir views/history.sql
\ir views/hosts.sql
\ir views/callback.sql
\ir views/callbacks.sql
\ir views/paste.sql
\ir views/proof.sql
\ir views/action_call.sql
\ir views/import.sql
\ir views/dead_connectors.sql
\ir views/user_object_id.sql
\ir views/token_profiles.sql
