#include "lib/cards/card_body.h"

#include <optional>
#include <utility>

#include "lib/cards/adaptive_card.h"
#include "lib/cards/own_target.h"
#include "lib/cards/to_adaptive.h"
#include "lib/cards/to_message_card.h"
#include "lib/json/json_fields.h"
#include "lib/json/json_text.h"
#include "lib/json/json_writing.h"

namespace o365 {
namespace {

bool is_adaptive(const Json::Value& card) { return text_in(card, "type") == "AdaptiveCard"; }

// The object in the JSON text `extra`; an empty one for ""; nullopt when it is not an object.
std::optional<Json::Value> fields_of(std::string_view extra) {
    if (extra.empty()) return Json::Value(Json::objectValue);
    std::optional<Json::Value> fields = parse_json(extra);
    if (fields && !fields->isObject()) fields.reset();
    return fields;
}

// Adds the fields of `extra` to the envelope, except those that the card's own envelope `own` has.
Json::Value with_fields(Json::Value envelope, const Json::Value& extra, const Json::Value& own = {}) {
    for (const std::string& name : extra.getMemberNames()) {
        if (!own.isMember(name)) envelope[name] = extra[name];
    }
    return envelope;
}

// The body of an Adaptive Card for Workflows. The envelope is written around the card's own text, because jsoncpp would
// write 0.1 as 0.10000000000000001.
std::string workflow_body(std::string text, const Json::Value& card, const Json::Value& extra) {
    const bool has_envelope = is_envelope(card);
    const Json::Value sent = has_envelope ? with_summary(card) : adaptive_envelope(card);
    Json::Value fields = with_fields(Json::objectValue, extra, has_envelope ? card : Json::Value());
    if (!has_summary(card) && has_summary(sent)) {
        // A summary that is empty, or null, is replaced where it stands.
        if (has_envelope && card.isMember("summary")) return compact_json(with_fields(sent, fields));
        if (!fields.isMember("summary")) fields["summary"] = sent["summary"];
    }
    std::string added;
    for (const std::string& name : fields.getMemberNames())
        added += "," + compact_json(Json::Value(name)) + ":" + compact_json(fields[name]);
    if (has_envelope) {
        text.insert(text.rfind('}'), added);
        return text;
    }
    return R"({"attachments":[{"content":)" + without_blanks(text) + R"(,"contentType":")" + kAdaptiveType +
           R"(","contentUrl":null}])" + added + R"(,"type":"message"})";
}

// The first card of an envelope.
std::string bare_body(const Json::Value& envelope) {
    const Json::Value& attachments = envelope["attachments"];
    return compact_json(attachments.isArray() && !attachments.empty() ? attachments[0]["content"] : envelope);
}

}  // namespace

ConvertedCard card_for_dialect(const Json::Value& card, std::string_view dialect, const ActionLink& link,
                               std::string_view version) {
    if (dialect == "workflow") {
        if (is_envelope(card)) return {with_summary(card), {}, ""};
        if (is_adaptive(card)) return {adaptive_envelope(card), {}, ""};
        return adaptive_from_message_card(card, link, version);
    }
    if (is_adaptive(card)) return message_card_from_adaptive(card);
    if (is_envelope(card)) return {{}, {}, "a connector webhook takes no Adaptive Card in an envelope"};
    return {card, {}, ""};
}

CardBody card_body(std::string card, std::string_view dialect, const ActionLink& link, std::string_view version,
                   Payload payload, std::string_view extra) {
    const bool for_workflow = dialect == "workflow";
    const bool bare = for_workflow && payload == Payload::card;
    // jsonb writes each text in one way, so this search finds every "AdaptiveCard".
    if (!for_workflow && card.find("\"AdaptiveCard\"") == std::string::npos)
        return {with_own_targets(std::move(card), link), ""};
    const std::optional<Json::Value> parsed = parse_json(card);
    if (!parsed) return {"", "the card is nested too deeply or has a number that is too large"};
    const std::optional<Json::Value> fields = fields_of(extra);
    if (!fields) return {"", "its extra fields are not a JSON object"};
    const bool is_message_card = !is_adaptive(*parsed) && !is_envelope(*parsed);
    if (is_message_card && !for_workflow) return {with_own_targets(std::move(card), link), ""};
    if (bare && is_adaptive(*parsed)) return {std::move(card), ""};
    if (bare && is_envelope(*parsed)) return {bare_body(*parsed), ""};
    if (!is_message_card && for_workflow) return {workflow_body(std::move(card), *parsed, *fields), ""};
    const ConvertedCard converted = card_for_dialect(*parsed, dialect, link, version);
    if (!converted.problem.empty()) return {"", "the card cannot be converted for this webhook: " + converted.problem};
    if (bare) return {bare_body(converted.card), ""};
    return {compact_json(for_workflow ? with_fields(converted.card, *fields) : converted.card), ""};
}

}  // namespace o365
