-- Applies the file that the variable `migration` names, unless it was: once for each file of migrations/ (install.sql).
SELECT NOT EXISTS (SELECT FROM o365_internal.migration AS m WHERE m.number = f.number) AS migration_is_missing, f.number AS migration_number,
       f.name AS migration_name, f.path AS migration_path
  FROM (SELECT left(:'migration', 4)::integer, substr(:'migration', 6), 'migrations/' || :'migration' || '.sql') AS f (number, name, path) \gset
\if :migration_is_missing
  \echo Migration :migration.
  INSERT INTO o365_internal.migration (number, name) VALUES (:migration_number, :'migration_name');
  \ir :migration_path
\endif
