-- SHA-256 of each file of migrations/, its first 16 hex digits. A migration is never edited once a database may have
-- run it, or databases of the same version would differ: tests/sql/checksums fails if a file differs from its line
-- here, and prints the line for a new one.
SELECT set_config('o365.checksums', jsonb_object_agg(c.number, c.checksum)::text, true) FROM (VALUES
    (1, '4a0b18b717e494f5'),
    (2, 'b3d12ed9f0ec5180'),
    (3, 'e78604e38f3d7a55'),
    (4, '0f2f587cebd3aaa5'),
    (5, 'e07c104501c53279'),
    (6, 'a5c65bd0133d0643'),
    (7, '43ce920ab79ab2c8'),
    (8, 'ddcbbce8e9ee62b3'),
    (9, '24f23805914adb6a'),
    (10, 'a0a814ac7fa9f2a0'),
    (11, '290d9232142f61c9'),
    (12, '8809ae9fd563d599'),
    (13, '5d5ca2cf3e7424d2'),
    (14, 'd8d32ee991cd5d36'),
    (15, 'f955db571d6755c4'),
    (16, 'd9d17a9220d482b2'),
    (17, 'bbe5a21ff368f30f'),
    (18, 'e2324aa5c6249211'),
    (19, 'b21bc57681992a65'),
    (20, '0935958c5c7894e9'),
    (21, '1c6fd8e4c930b603'),
    (22, '77526ed3884ce3fd'),
    (23, '83c36b1f629da223'),
    (24, 'f8457475d199e7cd'),
    (25, '2e2cbad3594ad8ec'),
    (26, '2712cb389591949e'),
    (27, '56107014492689df'),
    (28, '917f7534098bc945'),
    (29, '3a8a0ed38eca33a6'),
    (30, '2e67941cd85a00a7'),
    (31, '3ada46609e8244db'),
    (32, 'e7e8a65f2207b0cd'),
    (33, '6db3eab2eee88a73'),
    (34, '2a50d77d297b5f85'),
    (35, '74e9c90448300c6d'),
    (36, '1c346b8cba4d1267'),
    (37, '525ebb55a3de320a'),
    (38, '5741c63054a9cd37'),
    (39, '5fde39c8409688d9'),
    (40, 'cc7f052814d52e1b')
) AS c (number, checksum) \g /dev/null

DO $$
DECLARE
    v_differ text;
BEGIN
    -- The one that was edited: its first text failed for an owner whose name needs quotes. It does the same.
    UPDATE o365_internal.migration AS m SET checksum = NULL WHERE m.number = 21 AND m.checksum = 'a275c06ac94abcab';
    SELECT string_agg(format('%s_%s (applied %s)', to_char(m.number, 'FM0000'), m.name, m.applied_at::date), ', '
                      ORDER BY m.number) INTO v_differ
      FROM o365_internal.migration AS m WHERE m.checksum <> current_setting('o365.checksums')::jsonb ->> m.number::text;
    IF v_differ IS NOT NULL THEN
        RAISE WARNING 'these migrations were applied with another text than the files here have: %', v_differ
            USING HINT = 'Tables may differ from what this version expects. '
                         'Compare pg_dump --schema-only with that of a fresh installation.';
    END IF;
    UPDATE o365_internal.migration AS m SET checksum = current_setting('o365.checksums')::jsonb ->> m.number::text
     WHERE m.checksum IS NULL;
END $$;
