#include "fcgi/connect/proof_card.h"

#include "lib/json/json_writing.h"

namespace o365 {
namespace {

Json::Value text_block(const std::string& text) {
    Json::Value block;
    block["type"] = "TextBlock";
    block["text"] = text;
    block["wrap"] = true;
    return block;
}

Json::Value card_with_title(const std::string& title, const std::string& summary) {
    Json::Value heading = text_block(title);
    heading["weight"] = "Bolder";
    heading["size"] = "Medium";
    Json::Value card;
    card["type"] = "AdaptiveCard";
    card["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json";
    card["version"] = "1.2";
    card["fallbackText"] = summary;
    card["body"].append(std::move(heading));
    return card;
}

// The texts of a section by name, with {connector} in place of the connector's name.
auto texts_of(const Texts& all, const char* section) {
    return [&all, section](const char* name) {
        Json::Value names;
        names["name"] = "{connector}";
        return all.fill(all[section][name], names).asString();
    };
}

}  // namespace

std::string proof_card(const Texts& all) {
    const auto text = texts_of(all, "proof_card");
    Json::Value code = text_block("{code}");
    code["size"] = "ExtraLarge";
    code["weight"] = "Bolder";
    code["fontType"] = "Monospace";
    Json::Value note = text_block(text("note"));
    note["isSubtle"] = true;
    Json::Value card = card_with_title(text("title"), text("summary"));
    card["body"].append(text_block(text("code_label")));
    card["body"].append(std::move(code));
    card["body"].append(std::move(note));
    return compact_json(card);
}

std::string test_card(const Texts& all) {
    const auto text = texts_of(all, "test_card");
    Json::Value card = card_with_title(text("title"), text("summary"));
    card["body"].append(text_block(text("text")));
    return compact_json(card);
}

}  // namespace o365
