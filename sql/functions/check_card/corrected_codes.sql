CREATE OR REPLACE FUNCTION o365_internal.corrected_codes() RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN ('{as_text,as_boolean,as_number,type_case,word_case,color_hash,version_spelling,fact_part,empty_fact,'
            'empty_picture,empty_element,view_action,envelope_type,content_type,wrapped_card,bare_attachment,'
            'bare_card,double_envelope}');
END $$;
COMMENT ON FUNCTION o365_internal.corrected_codes() IS
    'The rules of card_rule that o365_internal.put_right corrects, so that the card that leaves keeps them.';
