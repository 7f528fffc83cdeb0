#include "fcgi/connect/proof_card.h"

#include "lib/cards/card_conversion.h"

namespace o365 {
namespace {

Json::Value text_block(const std::string& text) {
    Json::Value block;
    block["type"] = "TextBlock";
    block["text"] = text;
    block["wrap"] = true;
    return block;
}

}  // namespace

std::string proof_card(const Texts& all) {
    Json::Value names;
    names["name"] = "{connector}";
    const Json::Value& texts = all["proof_card"];
    const auto text = [&](const char* name) { return all.fill(texts[name], names).asString(); };
    Json::Value title = text_block(text("title"));
    title["weight"] = "Bolder";
    title["size"] = "Medium";
    Json::Value code = text_block("{code}");
    code["size"] = "ExtraLarge";
    code["weight"] = "Bolder";
    code["fontType"] = "Monospace";
    Json::Value note = text_block(text("note"));
    note["isSubtle"] = true;
    Json::Value card;
    card["type"] = "AdaptiveCard";
    card["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json";
    card["version"] = "1.2";
    card["fallbackText"] = text("summary");
    card["body"].append(std::move(title));
    card["body"].append(text_block(text("code_label")));
    card["body"].append(std::move(code));
    card["body"].append(std::move(note));
    return compact_json(card);
}

}  // namespace o365
