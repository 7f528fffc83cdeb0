CREATE OR REPLACE FUNCTION o365_internal.is_shown_element(type text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN lower(type COLLATE "C") = ANY
        ('{media,codeblock,icon,badge,carousel,compoundbutton,progressbar,progressring,rating,input.rating,'
        'component,chart.donut,chart.pie,chart.line,chart.gauge,chart.verticalbar,chart.verticalbar.grouped,'
        'chart.horizontalbar,'
        'chart.horizontalbar.stacked}');
END $$;
COMMENT ON FUNCTION o365_internal.is_shown_element(text) IS
    'Whether Teams documents an element of an Adaptive Card that is no row of card_kind: it is shown, and what is in '
    'it is not judged.';
