CREATE OR REPLACE FUNCTION o365_internal.holds_in(kind text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE kind WHEN 'a.element:TextBlock' THEN 'text' WHEN 'a.element:FactSet' THEN 'facts'
                     WHEN 'a.element:ImageSet' THEN 'images' WHEN 'a.element:ColumnSet' THEN 'columns'
                     WHEN 'a.element:ActionSet' THEN 'actions' WHEN 'a.element:RichTextBlock' THEN 'inlines' END;
END $$;
COMMENT ON FUNCTION o365_internal.holds_in(text) IS
    'The field without which an element of an Adaptive Card holds nothing; null for a kind that may hold nothing.';
