-- Sets the variable views_found to a JSON object with the names of our views (those of o365 and o365_programs, and of
-- the schema that internal_views names), and for each a digest of everything that the files of views/ define.
SELECT coalesce(jsonb_object_agg(replace(c.oid::regclass::text, :'internal_views' || '.', 'o365_internal.'),
           md5(concat_ws(E'\n',
           replace(pg_get_viewdef(c.oid), :'internal_views' || '.', 'o365_internal.'), c.reloptions::text,
           obj_description(c.oid, 'pg_class'),
           (SELECT string_agg(concat_ws(E'\n', a.attname, format_type(a.atttypid, a.atttypmod),
                                        col_description(c.oid, a.attnum)), E'\n' ORDER BY a.attnum)
              FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0),
           (SELECT string_agg(concat_ws(E'\n', pg_get_triggerdef(t.oid), obj_description(t.oid, 'pg_trigger')), E'\n'
                              ORDER BY t.tgname)
              FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid)))), '{}') AS views_found
  FROM pg_catalog.pg_class AS c WHERE c.relnamespace IN ('o365'::regnamespace, 'o365_programs'::regnamespace,
                                                         (:'internal_views')::regnamespace)
   AND c.relkind = 'v' \gset
