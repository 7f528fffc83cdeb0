#include "lib/keys/key_ring.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "lib/base/crypto.h"
#include "lib/base/fd.h"
#include "lib/base/system_error.h"
#include "lib/json/json_text.h"

namespace o365 {
namespace {

constexpr std::string_view kEndOfArmor = "-----END PGP PRIVATE KEY BLOCK-----";
constexpr std::string_view kLine = "symmetric ";
constexpr std::size_t kMaxFile = 1U << 20U;

std::string symmetric_key_id(std::string_view key) { return "sym-" + hex(sha256(key)).substr(0, 8); }

}  // namespace

Secret new_key_file() {
    const RsaKey rsa = OpenPgp::generate_rsa();
    std::string key = random_bytes(32);
    std::string text = rsa.armored_secret.reveal();
    std::erase(text, '\r');  // librnp writes the line ends of mail
    if (!text.ends_with('\n')) text += '\n';
    text += fmt::format("symmetric {} {}\n", symmetric_key_id(key), base64(key));
    wipe(key);
    return Secret(std::move(text));
}

void write_key_file(const std::string& path, const Secret& text) {
    const std::string temporary = fmt::format("{}.{}", path, hex(random_bytes(4)));
    {
        const Fd file(
            ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
        if (file.get() < 0)
            throw KeyError(fmt::format("could not write the key file '{}': {}", path, system_error_text()));
        std::string_view rest = text.reveal();
        while (!rest.empty()) {
            const ssize_t written = ::write(file.get(), rest.data(), rest.size());
            if (written < 0) {
                const std::string reason = system_error_text();
                ::unlink(temporary.c_str());
                throw KeyError(fmt::format("could not write the key file '{}': {}", path, reason));
            }
            rest.remove_prefix(static_cast<std::size_t>(written));
        }
        ::fsync(file.get());
    }
    // Neither call overwrites an existing file. FAT has no hard links and NFS has no RENAME_NOREPLACE, so try both.
    bool placed = ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0;
    if (!placed && (errno == EINVAL || errno == ENOSYS)) {
        placed = ::link(temporary.c_str(), path.c_str()) == 0;
        const int linking = errno;
        ::unlink(temporary.c_str());
        errno = linking;
    }
    if (!placed) {
        const int error = errno;
        ::unlink(temporary.c_str());
        throw KeyError(
            error == EEXIST
                ? fmt::format("'{}' is there already and stays as it is. To make its keys known to the database: "
                              "o365-worker keys add; for a backup, name another file",
                              path)
                : fmt::format("could not write the key file '{}': {}", path, system_error_text(error)));
    }
}

Secret read_key_file(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) {
        throw KeyError(fmt::format("could not read the key file '{}': {}. {}", path, system_error_text(),
                                   errno == EACCES
                                       ? "It has to belong to the user that the worker runs as"
                                       : "Make it with `o365-worker keys generate`, or restore the backup"));
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0)
        throw KeyError(fmt::format("could not read the key file '{}': {}", path, system_error_text()));
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        throw KeyError(fmt::format("others than its owner may access the key file '{}': chmod 600 '{}'", path, path));
    }
    std::string text;
    std::string buffer(8192, '\0');
    for (ssize_t got = 1; got > 0;) {
        got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0) throw KeyError(fmt::format("could not read the key file '{}': {}", path, system_error_text()));
        text.append(buffer.data(), static_cast<std::size_t>(got));
        if (text.size() > kMaxFile) throw KeyError(fmt::format("'{}' is too long for a key file", path));
    }
    wipe(buffer);
    return Secret(std::move(text));
}

Secret webhook_in(const Secret& text, std::int64_t subscription_id) {
    const std::optional<Json::Value> parsed = parse_json(text.reveal());
    if (!parsed || !parsed->isObject())
        throw KeyError(fmt::format("what subscription {} has sealed is no message of ours", subscription_id));
    const Json::Value& value = *parsed;
    if (value["purpose"] != "webhook" || value["id"] != std::to_string(subscription_id) ||
        !value["webhook"].isString()) {
        throw KeyError(fmt::format(
            "what subscription {} has sealed belongs to another row: remove it and let its user connect again",
            subscription_id));
    }
    return Secret(value["webhook"].asString());
}

KeyRing::KeyRing(const Secret& text, const std::string& path) {
    const std::string_view all = text.reveal();
    const auto armor = all.find(kEndOfArmor);
    if (armor == std::string_view::npos) {
        throw KeyError(
            fmt::format("the key file '{}' holds no OpenPGP secret key: restore the backup, or make a new one with "
                        "`o365-worker keys generate`",
                        path));
    }
    try {
        rsa_ = openpgp_.load(Secret(std::string(all.substr(0, armor + kEndOfArmor.size())) + "\n"));
    } catch (const OpenPgpError& error) {
        throw KeyError(fmt::format("the key file '{}': {}", path, error.what()));
    }
    std::string_view rest = all.substr(armor + kEndOfArmor.size());
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        if (line.empty() || line.front() == '#' || line == "\r") continue;
        const auto blank = line.find(' ', kLine.size());
        const auto refuse = [&] {
            throw KeyError(fmt::format(
                "the key file '{}' has a line that is no `symmetric <key id> <key>`: restore the backup", path));
        };
        if (!line.starts_with(kLine) || blank == std::string_view::npos) refuse();
        SymmetricKey key{std::string(line.substr(kLine.size(), blank - kLine.size())), Secret(line.substr(blank + 1))};
        try {
            std::string bytes = base64_decode(key.passphrase.reveal());
            const bool right = bytes.size() == 32 && key.key_id == symmetric_key_id(bytes);
            wipe(bytes);
            if (!right) refuse();
        } catch (const std::invalid_argument&) {
            refuse();
        }
        symmetric_.push_back(std::move(key));
    }
    if (symmetric_.empty())
        throw KeyError(fmt::format("the key file '{}' has no symmetric key: restore the backup", path));
}

bool KeyRing::has(std::string_view key_id) const noexcept {
    return key_id == rsa_.key_id || std::any_of(symmetric_.begin(), symmetric_.end(),
                                                [&](const SymmetricKey& key) { return key.key_id == key_id; });
}

Secret KeyRing::open(const std::string& key_id, std::string_view sealed) {
    if (key_id == rsa_.key_id) return openpgp_.open(sealed);
    for (const SymmetricKey& key : symmetric_) {
        if (key.key_id == key_id) return openpgp_.open(sealed, key.passphrase);
    }
    throw MissingKey(fmt::format("the key file has no key {}: restore the backup that has it", key_id));
}

SealedMessage KeyRing::seal(const Secret& text) {
    const SymmetricKey& newest = symmetric_.back();
    return {newest.key_id, openpgp_.seal(text, newest.passphrase)};
}

}  // namespace o365
