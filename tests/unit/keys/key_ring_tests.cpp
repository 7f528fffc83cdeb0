#include "lib/keys/key_ring.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "lib/base/fd.h"

namespace o365 {
namespace {

// Made once: an RSA key takes a second.
const Secret& file_text() {
    static const Secret key_file_text = new_key_file();
    return key_file_text;
}

struct Folder {
    Folder() : path(std::filesystem::temp_directory_path() / ("o365-key-ring-tests-" + std::to_string(::getpid()))) {
        std::filesystem::create_directory(path);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path); }
    std::string file() const { return (path / "keys").string(); }
    std::filesystem::path path;
};

std::string error_of(const std::string& text) {
    try {
        const KeyRing keys(Secret(text), "keys");
    } catch (const KeyError& error) {
        return error.what();
    }
    return {};
}

constexpr const char* kSealed =
    R"({"purpose": "webhook", "id": "7", "webhook": "https://a.example/1", "user_object_id": "o"})";

}  // namespace

BOOST_AUTO_TEST_SUITE(key_ring_tests)

BOOST_AUTO_TEST_CASE(a_new_file_has_an_rsa_key_and_a_symmetric_one) {
    const KeyRing keys(file_text(), "keys");
    BOOST_TEST(keys.rsa().key_id.size() == 16U);
    BOOST_TEST(!keys.rsa().public_key.empty());
    BOOST_REQUIRE(keys.symmetric().size() == 1U);
    BOOST_TEST(keys.is_symmetric(keys.symmetric().front().key_id));
    BOOST_TEST(!keys.is_symmetric(keys.rsa().key_id));
}

BOOST_AUTO_TEST_CASE(what_is_sealed_under_a_symmetric_key_opens_for_its_own_row_alone) {
    KeyRing keys(file_text(), "keys");
    OpenPgp openpgp;
    const SymmetricKey& key = keys.symmetric().front();
    const std::string sealed = openpgp.seal(Secret(kSealed), key.passphrase);
    BOOST_TEST(sealed.find("a.example") == std::string::npos);
    const Secret text = keys.open(key.key_id, sealed);
    BOOST_TEST(webhook_in(text, 7).reveal() == "https://a.example/1");
    BOOST_CHECK_THROW(webhook_in(text, 8), KeyError);
    BOOST_CHECK_THROW(webhook_in(Secret("[7]"), 7), KeyError);
    BOOST_CHECK_THROW(webhook_in(Secret("not JSON"), 7), KeyError);
    BOOST_CHECK_THROW(keys.open("sym-00000000", sealed), MissingKey);
    const std::string other =
        openpgp.seal(Secret(R"({"purpose": "other", "id": "7", "webhook": "https://a.example/1"})"), key.passphrase);
    BOOST_CHECK_THROW(webhook_in(keys.open(key.key_id, other), 7), KeyError);
}

BOOST_AUTO_TEST_CASE(adopting_seals_the_same_text_anew) {
    KeyRing keys(file_text(), "keys");
    OpenPgp openpgp;
    const std::string sealed = openpgp.seal(Secret(kSealed), keys.symmetric().front().passphrase);
    const SealedMessage adopted = keys.seal(keys.open(keys.symmetric().front().key_id, sealed));
    BOOST_TEST(adopted.sealed != sealed);
    BOOST_TEST(adopted.key_id == keys.symmetric().front().key_id);
    BOOST_TEST(keys.open(adopted.key_id, adopted.sealed).reveal() == kSealed);
}

BOOST_AUTO_TEST_CASE(damaged_and_oversized_messages_are_refused_in_the_same_words_as_wrong_keys) {
    KeyRing keys(file_text(), "keys");
    OpenPgp openpgp;
    const SymmetricKey& key = keys.symmetric().front();
    std::string sealed = openpgp.seal(Secret(kSealed), key.passphrase);
    sealed[sealed.size() / 2] = static_cast<char>(sealed[sealed.size() / 2] ^ 1);
    BOOST_CHECK_THROW(keys.open(key.key_id, sealed), OpenPgpError);
    BOOST_CHECK_THROW(keys.open(key.key_id, ""), OpenPgpError);
    BOOST_CHECK_THROW(keys.open(key.key_id, std::string(70000, 'x')), OpenPgpError);
    BOOST_CHECK_THROW(keys.open(keys.rsa().key_id, openpgp.seal(Secret(kSealed), key.passphrase)), OpenPgpError);
}

BOOST_AUTO_TEST_CASE(a_new_key_never_expires_and_the_expiry_of_an_older_one_is_told) {
    BOOST_TEST(!KeyRing(file_text(), "keys").rsa().expires.has_value());
    // Made by an earlier version: librnp's default is two years.
    std::ifstream file(O365_SOURCE_DIR "/tests/fixtures/rsa_secret_key_that_expires.asc");
    const std::string armored{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const std::string& good = file_text().reveal();
    const KeyRing older(Secret(armored + good.substr(good.find("symmetric "))), "keys");
    BOOST_REQUIRE(older.rsa().expires.has_value());
    const auto of_2028 =
        std::chrono::system_clock::time_point(std::chrono::sys_days(std::chrono::year{2028} / 11 / 28));
    BOOST_TEST((*older.rsa().expires > of_2028));
    BOOST_TEST((*older.rsa().expires < of_2028 + std::chrono::days(2)));
}

// What the function writes to standard error.
template <class Function>
std::string standard_error_of(const Folder& folder, Function function) {
    const std::string path = (folder.path / "stderr").string();
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const Fd before(::dup(STDERR_FILENO));
    ::dup2(file.get(), STDERR_FILENO);
    function();
    ::dup2(before.get(), STDERR_FILENO);
    std::ifstream text(path);
    return {std::istreambuf_iterator<char>(text), std::istreambuf_iterator<char>()};
}

BOOST_FIXTURE_TEST_CASE(messages_and_keys_that_are_wrong_print_nothing, Folder) {
    KeyRing keys(file_text(), "keys");
    const std::string& good = file_text().reveal();
    BOOST_TEST(standard_error_of(*this, [&] {
                   for (const char* sealed : {"", "x", "no OpenPGP at all", "\xc1\x04\x03\x01\x02\x03", "\xd2\xff"})
                       BOOST_CHECK_THROW(keys.open(keys.rsa().key_id, sealed), OpenPgpError);
                   error_of("");
                   error_of("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----\n");
                   error_of(good.substr(0, 200) + good.substr(300));
               }) == "");
    BOOST_TEST(standard_error_of(*this, [] { std::fputs("heard", stderr); }) == "heard");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_ours_is_refused_with_the_next_step) {
    const std::string& good = file_text().reveal();
    BOOST_TEST(error_of("").find("restore the backup") != std::string::npos);
    BOOST_TEST(error_of(good.substr(0, good.find("symmetric "))).find("no symmetric key") != std::string::npos);
    BOOST_TEST(error_of(good + "symmetric sym-12345678 AAAA\n").find("a line that is no") != std::string::npos);
    BOOST_TEST(error_of(good + "something\n").find("a line that is no") != std::string::npos);
    BOOST_TEST(error_of(good + "# a comment\n\n") == "");
}

BOOST_AUTO_TEST_CASE(another_kind_of_key_is_refused_with_a_sentence) {
    // pgcrypto answers `Unknown public-key encryption algorithm` to it, at the first callback.
    std::ifstream file(O365_SOURCE_DIR "/tests/fixtures/x25519_secret_key.asc");
    const std::string armored{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    BOOST_REQUIRE(!armored.empty());
    const std::string error = error_of(armored);
    BOOST_TEST(error.find("is not an RSA key that can encrypt") != std::string::npos, error);
    BOOST_TEST(error.find("o365-worker keys generate") != std::string::npos, error);
}

BOOST_FIXTURE_TEST_CASE(a_file_is_private_and_never_overwritten, Folder) {
    write_key_file(file(), Secret("text\n"));
    struct stat status {};
    BOOST_REQUIRE(::stat(file().c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777U) == 0600U);
    BOOST_CHECK_THROW(write_key_file(file(), Secret("other\n")), KeyError);
    BOOST_TEST(read_key_file(file()).reveal() == "text\n");
    BOOST_TEST(std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator()) == 1);
}

BOOST_FIXTURE_TEST_CASE(a_file_that_others_may_read_is_refused, Folder) {
    write_key_file(file(), Secret("text\n"));
    ::chmod(file().c_str(), 0640);
    BOOST_CHECK_EXCEPTION(read_key_file(file()), KeyError, [](const KeyError& error) {
        return std::string_view(error.what()).find("chmod 600") != std::string_view::npos;
    });
    BOOST_CHECK_THROW(read_key_file(file() + "-missing"), KeyError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace o365
