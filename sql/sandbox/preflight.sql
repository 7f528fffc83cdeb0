-- The store's checklist against the installation itself, for the reviewer's page.

CREATE OR REPLACE FUNCTION o365_programs.sandbox_preflight(app_id uuid) RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT o365_internal.preflight((SELECT c.slug FROM o365_internal.connector AS c
                                     WHERE c.app_id = $1 AND c.removed_at IS NULL)) $$;
COMMENT ON FUNCTION o365_programs.sandbox_preflight(uuid) IS
    'o365_internal.preflight of the connector with that GUID; null: this installation has none.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_plant_preflight(slug text, state_hashes bytea[], cookie_hashes bytea[],
                                                                 token_hash bytea) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT o365_internal.plant_preflight($1, $2, $3, $4) $$;
COMMENT ON FUNCTION o365_programs.sandbox_plant_preflight(text, bytea[], bytea[], bytea) IS
    'o365_internal.plant_preflight.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_clear_preflight(state_hashes bytea[], token_hash bytea,
                                                                 request_ids text[]) RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT o365_internal.clear_preflight($1, $2, $3) $$;
COMMENT ON FUNCTION o365_programs.sandbox_clear_preflight(bytea[], bytea, text[]) IS 'o365_internal.clear_preflight.';
