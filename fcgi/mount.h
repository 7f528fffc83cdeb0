// Where the web server has mounted us: /connect/, /action/, /action and /manage/ lie side by side below any prefix.
#pragma once

#include <string>
#include <string_view>

namespace o365 {

// The path without what stands before /connect/, /action/, /manage/ or a last /action: "/app/connect/desk/" is
// "/connect/desk/". Any other path as it is. A part of `path`.
std::string_view below_mount(std::string_view path);

// From a page's own URL to ".../connect/": relative, because only the browser knows the prefix. "/connect/" for a path
// that has none of them.
std::string path_to_mount(std::string_view path);

}  // namespace o365
