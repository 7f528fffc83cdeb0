-- Which text of a migration was applied, and which versions of PostgreSQL a known hole is in. A column without a rewrite, and a new table.

ALTER TABLE o365_internal.migration ADD COLUMN checksum text;
COMMENT ON COLUMN o365_internal.migration.checksum IS
    'SHA-256 of the file that was applied, its first 16 hex digits. Of migrations before number 17: of the file that was there when that was applied.';

CREATE TABLE o365_internal.server_floor (
    major     integer NOT NULL,
    minor     integer NOT NULL,
    hole      text NOT NULL,
    matters   text NOT NULL,
    PRIMARY KEY (hole, major)
);
COMMENT ON TABLE o365_internal.server_floor IS 'Holes of PostgreSQL that matter here. Rows belong to the product: sql/data.sql.';
COMMENT ON COLUMN o365_internal.server_floor.major IS 'Major version, 15 for one.';
COMMENT ON COLUMN o365_internal.server_floor.minor IS 'The first minor version of it that the hole is mended in.';
COMMENT ON COLUMN o365_internal.server_floor.hole IS 'Name.';
COMMENT ON COLUMN o365_internal.server_floor.matters IS 'What it means here.';
