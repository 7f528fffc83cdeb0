-- What bench/check-card runs: kind and microseconds a call.
CREATE TEMP TABLE c AS SELECT o.k, o.card::jsonb
    FROM (VALUES ('m', json_build_object('@type','MessageCard','@context','https://schema.org/extensions',
        'summary','Build 1871 of main failed','themeColor','C4314B','title','Build 1871 of main failed',
 'text',repeat('Two of **412** tests failed after the merge of the payment branch. ',6),
 'sections',json_build_array(json_build_object('activityTitle','Ann Example','activitySubtitle','12 minutes ago',
     'activityImage','https://ci.example.org/avatars/ann.png',
   'facts',(select json_agg(json_build_object('name','Stage '||i,
       'value','passed after '||i||' minutes')) from generate_series(1,8) i)),
   json_build_object('title','Failures','text',repeat('- `payment_tests/refund_is_idempotent` ',4),
       'facts',(select json_agg(json_build_object('name','Case '||i,
           'value','expected 200, found 503')) from generate_series(1,4) i))),
 'potentialAction',json_build_array(json_build_object('@type','OpenUri','name','Open the build',
     'targets',json_build_array(json_build_object('os','default','uri','https://ci.example.org/builds/1871'))),
   json_build_object('@type','OpenUri','name','Open the log',
       'targets',json_build_array(json_build_object('os','default','uri','https://ci.example.org/builds/1871/log')))))),
 ('a', json_build_object('type','AdaptiveCard','version','1.4',
     '$schema','http://adaptivecards.io/schemas/adaptive-card.json','body',json_build_array(
   json_build_object('type','TextBlock','text','Build 1871 of main failed','weight','Bolder','size','Large',
       'wrap',true),
   json_build_object('type','TextBlock','text',repeat('Two of **412** tests failed after the merge. ',8),'wrap',true),
   json_build_object('type','FactSet','facts',(select json_agg(json_build_object('title','Stage '||i,
       'value','passed after '||i||' minutes')) from generate_series(1,10) i)),
   json_build_object('type','Container','items',json_build_array(json_build_object('type','TextBlock',
       'text',repeat('payment tests refund is idempotent ',8),'wrap',true),
     json_build_object('type','FactSet','facts',(select json_agg(json_build_object('title','Case '||i,
         'value','expected 200')) from generate_series(1,6) i))))),
   'actions',json_build_array(json_build_object('type','Action.OpenUrl','title','Open',
       'url','https://ci.example.org/builds/1871'))))) o(k,card);
CREATE FUNCTION pg_temp.us(card jsonb, dialect text, n integer) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    v_from timestamptz;
BEGIN
    FOR i IN 1 .. 50 LOOP PERFORM FROM o365.check_card(card, dialect); END LOOP;
    v_from := clock_timestamp();
    FOR i IN 1 .. n LOOP PERFORM FROM o365.check_card(card, dialect); END LOOP;
    RETURN round(extract(epoch FROM clock_timestamp() - v_from) * 1e6 / n, 1);
END $$;
-- Right ones, and ones with a warning: at the top, in a section's fact, where it is lost in conversion, and in an
-- element of an element.
SELECT kind, pg_temp.us(card, dialect, 2000) FROM (
    SELECT 'message' AS kind, card, 'connector' AS dialect FROM c WHERE k = 'm'
    UNION ALL SELECT 'adaptive', card, 'workflow' FROM c WHERE k = 'a'
    UNION ALL SELECT 'message-color', jsonb_set(card, '{themeColor}', '"#C4314B"'), 'connector' FROM c WHERE k = 'm'
    UNION ALL SELECT 'message-fact', jsonb_set(card, '{sections,0,facts,3,value}', '"passed **late**"'), 'connector'
        FROM c WHERE k = 'm'
    UNION ALL SELECT 'message-name', card || '{"sumary": "Build 1871"}', 'connector' FROM c WHERE k = 'm'
    UNION ALL SELECT 'message-converted', card, 'workflow' FROM c WHERE k = 'm'
    UNION ALL SELECT 'adaptive-nested', jsonb_set(card, '{body,3,items,0,text}',
        to_jsonb('# ' || (card #>> '{body,3,items,0,text}'))), 'workflow' FROM c WHERE k = 'a') AS cards;
