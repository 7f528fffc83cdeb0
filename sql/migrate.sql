-- Applies the file that the variable `migration` names, unless it was applied before. install.sql includes this once
-- for each file of migrations/.
SELECT NOT EXISTS (SELECT FROM o365_internal.migration AS m WHERE m.number = f.number) AS migration_is_missing,
       f.number AS migration_number, f.name AS migration_name, f.path AS migration_path
  FROM (SELECT left(:'migration', 4)::integer, substr(:'migration', 6), 'migrations/' || :'migration' || '.sql')
       AS f (number, name, path) \gset
\if :migration_is_missing
  \if :is_locked
  \else
    -- (!) subscription first, because every sender begins there. This waits for sessions that have it already; new ones
    -- wait there and hold nothing that the rest of this needs.
    SELECT set_config('o365.lock_mode', 'ACCESS EXCLUSIVE', true),
           set_config('o365.lock_relations', string_agg(c.oid::regclass::text, ' ' ORDER BY c.relname <> 'subscription',
                                                        c.relname <> 'connector', c.relkind, c.oid), true)
      FROM pg_catalog.pg_class AS c
     WHERE c.relnamespace IN ('o365'::regnamespace, 'o365_programs'::regnamespace, 'o365_internal'::regnamespace)
       AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
       AND c.relname !~ '^sandbox_' \g /dev/null
    \ir lock.sql
    \set is_locked true
  \endif
  \echo Migration :migration.
  INSERT INTO o365_internal.migration (number, name) VALUES (:migration_number, :'migration_name');
  \ir :migration_path
\endif
