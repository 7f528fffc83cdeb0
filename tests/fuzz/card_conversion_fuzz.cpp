// Any JSON becomes a body that parses and is no larger than promised, or a problem. Build: -DO365_FUZZ=ON with clang++.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "lib/cards/card_body.h"
#include "lib/cards/to_adaptive.h"
#include "lib/cards/to_message_card.h"
#include "lib/json/json_text.h"
#include "lib/json/json_writing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    for (const char* dialect : {"connector", "workflow"}) {
        const o365::CardBody body = o365::card_body(text, dialect, o365::example_action_link);
        if (body.text.empty() == body.problem.empty() && !text.empty()) std::abort();
    }
    const auto card = o365::parse_json(text);
    if (!card) return 0;
    const std::size_t counted = o365::compact_json(*card).size();
    const o365::ConvertedCard adaptive = o365::adaptive_from_message_card(*card, o365::example_action_link);
    if (adaptive.card.isNull() == adaptive.problem.empty()) std::abort();
    if (adaptive.problem.empty()) {
        const std::string converted = o365::compact_json(adaptive.card);
        if (converted.size() > o365::most_converted_bytes(*card, counted, o365::example_action_link(103).size()) ||
            !o365::parse_json(converted))
            std::abort();
    }
    const o365::ConvertedCard message = o365::message_card_from_adaptive(*card);
    if (message.card.isNull() == message.problem.empty()) std::abort();
    return 0;
}
