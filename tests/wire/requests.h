// Requests of a web server, and their answers.
#pragma once

#include <string>
#include <utility>

#include "tests/wire/responder.h"

namespace o365::test {

// The promise is 2 s; machines that run tests, sanitizers above all, are sometimes busy.
inline constexpr auto kPromptly = 4s;
inline constexpr std::size_t kBegins = 16;  // bytes of BEGIN_REQUEST

inline std::string page_request(bool keep = false) { return request(get("/connect/wire/"), "", keep); }

inline bool is_page(const Answer& answer) {
    return answer.ends == 1 && answer.text.starts_with("Status: 200 OK\r\n") && answer.has("Wire") &&
           !answer.wrote_stderr;
}

inline bool is_refusal(const Answer& answer, int status) {
    return answer.ends == 1 && answer.text.starts_with("Status: " + std::to_string(status) + " ") &&
           !answer.wrote_stderr;
}

// END_REQUEST for request `id` with a protocol status, as section 5.5 frames it.
inline std::string end_request(std::size_t id, char protocol_status) {
    return record(kEnd, std::string(4, '\0') + protocol_status + std::string(3, '\0'), id);
}

inline Pairs start_of_connect(std::size_t body_length = 0) {
    Pairs params = post("/connect/wire/start", std::to_string(body_length));
    params[3].second = "application/x-www-form-urlencoded";
    return params;
}

}  // namespace o365::test
