// Queries, forms and cookies from anybody: either refused with BadRequest, or values within the limits of
// lib/http/http.h.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/base/text.h"
#include "lib/http/http.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    o365::cookie(text, "name");
    const o365::Parameters query = o365::Parameters::parse_query(text);
    for (const auto& [name, value] : query.all()) {
        if (name.size() > 64 || value.size() > 8192 || !o365::is_utf8(name) || !o365::is_utf8(value)) std::abort();
        if (value.find('\0') != std::string_view::npos || query.fault(name) != nullptr) std::abort();
    }
    try {
        const o365::Parameters parameters = o365::Parameters::parse(text);
        if (parameters.all().size() > 64) std::abort();
        for (const auto& [name, value] : parameters.all()) {
            if (name.size() > 64 || value.size() > 8192 || !o365::is_utf8(name) || !o365::is_utf8(value)) std::abort();
            if (value.find('\0') != std::string_view::npos) std::abort();
        }
    } catch (const o365::BadRequest& refused) {
        if (refused.status() != 400) std::abort();
    }
    return 0;
}
