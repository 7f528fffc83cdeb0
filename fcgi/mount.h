// The prefix below which the web server has mounted /connect/, /action/, /action and /manage/. Safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace o365 {

// The path without the prefix before /connect/, /action/, /manage/ or a final /action: "/app/connect/desk/" becomes
// "/connect/desk/". Other paths stay as they are. A view into `path`.
std::string_view below_mount(std::string_view path);

// The relative URL from a page at `path` to ".../connect/"; relative, because only the browser knows the whole prefix.
// "/connect/" for any other path.
std::string path_to_mount(std::string_view path);

}  // namespace o365
