-- A connector can be removed; its row stays for the history that names it. Adds a column without a rewrite.

ALTER TABLE o365_internal.connector ADD COLUMN removed_at timestamptz;
COMMENT ON COLUMN o365_internal.connector.removed_at IS
    'When o365.remove_connector removed it: nobody can connect it, and it is registered again under the same slug; null: it is in use.';
