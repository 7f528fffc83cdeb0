// The sandbox's judgement of what is posted to a webhook, without a server: a line of standard input is "connector" or
// "workflow", a tab, and a body; a line of output is "ok", or why it is refused or nothing of it is shown.
#include <iostream>
#include <string>

#include "sandbox/webhooks/answers.h"

int main() {
    std::string line;
    while (std::getline(std::cin, line)) {
        const auto tab = line.find('\t');
        const std::string body = line.substr(tab + 1);
        if (line.substr(0, tab) == "connector") {
            std::cout << o365::judge_body(body, false) << '\n';
            continue;
        }
        const std::string note = o365::judge_trigger(body) == "ok" ? o365::judge_flow(body) : "400-json";
        std::cout << (note.empty() ? "ok" : note) << '\n';
    }
}
