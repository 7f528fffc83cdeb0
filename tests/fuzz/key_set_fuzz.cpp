// A key set from a server that may be anybody's: refused with a reason, or keys of which each is one, with an id of its
// own.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "lib/jwt/key_set.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const o365::KeySetDocument document =
        o365::read_key_set(std::string_view(reinterpret_cast<const char*>(data), size));
    if (document.keys.empty() == document.problem.empty()) std::abort();
    if (document.keys.size() > o365::kMaxKeys) std::abort();
    for (const o365::JsonWebKey& key : document.keys) {
        if (key.key_id.empty() || key.key_id.size() > o365::kMaxKeyId) std::abort();
        const o365::KeySet alone(std::span(&key, 1));
        if (!alone.has(key.key_id) || alone.issuer_of(key.key_id) != key.issuer) std::abort();
        if (alone.verifies(key.key_id, "text", "signature")) std::abort();
    }
    return 0;
}
