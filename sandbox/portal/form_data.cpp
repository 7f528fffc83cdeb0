// multipart/form-data (RFC 7578), as browsers send forms that hold a file.
#include "lib/base/text.h"
#include "sandbox/sandbox.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxBoundary = 70;

// The value of `name` in "form-data; name="..."; filename="..."".
std::optional<std::string> parameter(std::string_view header, std::string_view name) {
    const std::string key = "; " + std::string(name) + "=\"";
    const auto at = header.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    const auto from = at + key.size();
    const auto to = header.find('"', from);
    if (to == std::string_view::npos) return std::nullopt;
    return std::string(header.substr(from, to - from));
}

// Browsers escape three characters of a name, as the HTML standard says.
std::string field_name(std::string name) {
    for (const auto& [written, meant] : {std::pair{"%22", "\""}, std::pair{"%0D", "\r"}, std::pair{"%0A", "\n"}}) {
        for (auto at = name.find(written); at != std::string::npos; at = name.find(written, at))
            name.replace(at, 3, meant);
    }
    return name;
}

}  // namespace

std::string FormData::get(std::string_view name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
}

FormData parse_form_data(const Request& request) {
    const auto refuse = [] { throw BadRequest(400, "this is no form of multipart/form-data"); };
    constexpr std::string_view kBoundary = "boundary=";
    const auto at = request.content_type.find(kBoundary);
    if (!request.content_type.starts_with("multipart/form-data") || at == std::string::npos) refuse();
    std::string boundary = request.content_type.substr(at + kBoundary.size());
    if (boundary.size() >= 2 && boundary.front() == '"') boundary = boundary.substr(1, boundary.find('"', 1) - 1);
    if (boundary.empty() || boundary.size() > kMaxBoundary) refuse();
    const std::string fence = "\r\n--" + boundary;

    FormData form;
    const std::string body = "\r\n" + request.body;
    std::size_t place = body.find(fence);
    while (place != std::string::npos) {
        place += fence.size();
        if (body.compare(place, 2, "--") == 0) return form;
        const auto head_end = body.find("\r\n\r\n", place);
        const auto next = body.find(fence, place);
        if (head_end == std::string::npos || next == std::string::npos || head_end + 4 > next) refuse();
        const std::string_view head = std::string_view(body).substr(place, head_end - place);
        std::string value = body.substr(head_end + 4, next - head_end - 4);
        const auto name = parameter(head, "name");
        if (!name) refuse();
        if (parameter(head, "filename")) {
            form.file = std::move(value);
        } else {
            if (!is_utf8(value) || value.find('\0') != std::string::npos) throw BadRequest(400, "a field is not UTF-8");
            form.fields[field_name(*name)] = std::move(value);
        }
        place = next;
    }
    refuse();
    return form;
}

}  // namespace o365
