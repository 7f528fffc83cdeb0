#include "fcgi/mount.h"

#include <algorithm>

namespace o365 {
namespace {

constexpr std::string_view kConnect = "/connect/";
constexpr std::string_view kAction = "/action/";
constexpr std::string_view kActionCall = "/action";
constexpr std::string_view kManage = "/manage/";

}  // namespace

std::string_view below_mount(std::string_view path) {
    for (const std::string_view mount : {kConnect, kAction, kManage}) {
        if (const auto at = path.find(mount); at != std::string_view::npos) return path.substr(at);
    }
    if (path.ends_with(kActionCall)) return path.substr(path.size() - kActionCall.size());
    return path;
}

std::string path_to_mount(std::string_view path) {
    const std::string_view route = below_mount(path);
    std::string up;
    for (auto slashes = std::ranges::count(route, '/') - 2; slashes > 0; --slashes) up += "../";
    if (route.starts_with(kConnect)) return up.empty() ? "./" : up;
    if (route.starts_with(kAction) || route.starts_with(kManage)) return up + "../" + std::string(kConnect.substr(1));
    return path == "/connect" || route == kActionCall ? "connect/" : std::string(kConnect);
}

}  // namespace o365
