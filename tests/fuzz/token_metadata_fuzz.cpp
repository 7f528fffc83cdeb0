// Metadata from a server that may be anybody's: refused with a reason, or an issuer and the address of a key set at a
// host that the profile allows.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "lib/http/url.h"
#include "lib/jwt/key_set.h"
#include "lib/jwt/token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<std::string> hosts = {"keys.example", "localhost:8443"};
    static const std::vector<std::string> issuers = {"https://login.microsoftonline.com/{tid}/v2.0"};
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const o365::TokenMetadata metadata = o365::read_token_metadata(text, hosts);
    o365::is_issuer_of(metadata.problem.empty() ? metadata.issuer : text, issuers);
    for (const std::string& address : {std::string(text), metadata.key_set}) {
        if (!o365::is_key_address(address, hosts)) continue;
        const auto url = o365::parse_url(address);
        if (!url || url->scheme != "https" || url->has_user) std::abort();
        if (!(url->host == "keys.example" && url->port == 443) && !(url->host == "localhost" && url->port == 8443))
            std::abort();
    }
    if (metadata.problem.empty() != o365::is_key_address(metadata.key_set, hosts)) std::abort();
    return 0;
}
