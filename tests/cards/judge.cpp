// The sandbox's judgement of what is posted to a webhook, without a server: a line of standard input is "connector" or
// "workflow", a tab, and a body; a line of output is "ok", or why it is refused or nothing of it is shown.
#include <iostream>
#include <string>

#include "lib/json/json_text.h"
#include "sandbox/cards/card.h"
#include "sandbox/webhooks/answers.h"

int main() {
    std::string line;
    while (std::getline(std::cin, line)) {
        const auto tab = line.find('\t');
        const std::string body = line.substr(tab + 1);
        if (line.substr(0, tab) == "connector") {
            const std::string answer = o365::judge_body(body, false);
            const bool shows = answer != "ok" || o365::shows_something(*o365::parse_json(o365::standard_json(body)));
            std::cout << (shows ? answer : "the card shows nothing") << '\n';
            continue;
        }
        const std::string note = o365::judge_trigger(body) == "ok" ? o365::judge_flow(body) : "400-json";
        std::cout << (note.empty() ? "ok" : note) << '\n';
    }
}
