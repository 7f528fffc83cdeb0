#include "fcgi/manage/manage_token.h"

#include <cstddef>

#include "lib/base/crypto.h"

namespace o365 {
namespace {

constexpr std::size_t kBytes = 24;
constexpr std::size_t kCharacters = 32;

}  // namespace

std::string new_manage_token() { return base64url(random_bytes(kBytes)); }

bool is_manage_token(std::string_view text) { return text.size() == kCharacters && is_base64url(text); }

std::string manage_form_token(const std::string& token) { return hex(hmac_sha256(token, "manage form")); }

}  // namespace o365
