// A bearer token from anybody: refused with a reason, or signed and meant for us. The input is a token. So that the
// fuzzer gets behind base64url and the signature, one that begins with '!' is a header, a line end and claims, which
// are encoded first, and one that begins with '?' is claims, which are signed too, unless they are refused before the
// signature is looked at: signing takes twenty times as long as checking.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/jwt/token.h"
#include "tests/unit/jwt/signer.h"

namespace {

constexpr std::int64_t kNow = 1796000000;

const o365::Signer& signer() {
    static const o365::Signer one("k");
    return one;
}

std::vector<o365::TokenProfile> make_profiles() {
    std::vector<o365::TokenProfile> profiles(2);
    profiles[0].name = "entra";
    profiles[0].issuers = {"https://login.microsoftonline.com/{tid}/v2.0", "https://sts.windows.net/{tid}/"};
    profiles[0].audiences = {"api://auth-am-{app_id}/{app_id}", "{app_id}"};
    profiles[0].client_claims = {"azp", "appid"};
    profiles[0].client_ids = {"48af08dc-f6d2-435f-b2a7-069abd99c086"};
    profiles[0].presser_claim = "oid";
    profiles[0].name_claims = {"upn", "name"};
    profiles[0].keys =
        o365::KeySet(std::vector<o365::JsonWebKey>{signer().key("https://login.microsoftonline.com/{tenantid}/v2.0")});
    profiles[1] = profiles[0];
    profiles[1].name = "legacy";
    profiles[1].issuers = {"https://substrate.office.com/sts/"};
    profiles[1].audiences = {"{origin}"};
    profiles[1].presser_claim = "sub";
    profiles[1].keys = o365::KeySet(std::vector<o365::JsonWebKey>{signer().key()});
    return profiles;
}

constexpr std::string_view kHeader = R"({"alg":"RS256","kid":"k"})";

std::string wrongly_signed(std::string_view header, std::string_view claims) {
    return o365::base64url(header) + "." + o365::base64url(claims) + "." + o365::base64url(std::string(256, '\x01'));
}

o365::TokenResult judge(const std::string& token) {
    static const std::vector<o365::TokenProfile> profiles = make_profiles();
    return o365::verify_token(token, profiles, {"https://app.example.org", ""},
                              std::chrono::system_clock::time_point(std::chrono::seconds(kNow)));
}

o365::TokenResult judge_input(const std::string& input) {
    if (input.starts_with('?')) {
        const std::string claims = input.substr(1);
        o365::TokenResult result = judge(wrongly_signed(kHeader, claims));
        if (result.refusal != o365::TokenRefusal::bad_signature) return result;
        return judge(signer().token(std::string(kHeader), claims));
    }
    const auto end = input.find('\n');
    if (!input.starts_with('!') || end == std::string::npos) return judge(input);
    return judge(wrongly_signed(input.substr(1, end - 1), input.substr(end + 1)));
}

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(reinterpret_cast<const char*>(data), size);
    const o365::TokenResult result = judge_input(input);
    require(input.starts_with('?') || !result.taken());
    require(result.key_id.size() <= o365::kMaxKeyId && o365::is_utf8(result.presser_name));
    if (result.taken()) {
        require(!result.presser_id.empty() && result.presser_id.size() <= 200);
        require(result.app_id.empty() || result.app_id.size() == 36);
        require(result.profile == "legacy" || (!result.app_id.empty() && result.tenant_id.size() == 36));
        require(result.expires.time_since_epoch().count() > kNow - 301);
    } else {
        require(result.presser_id.empty() && result.tenant_id.empty() && result.app_id.empty());
    }
    const auto decoded = o365::base64url_decode(input);
    require(!decoded || o365::base64url(*decoded) == input);
    return 0;
}
