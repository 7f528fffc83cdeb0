#include "lib/jwt/key_set.h"

#include <boost/test/unit_test.hpp>

#include <functional>

#include "tests/unit/jwt/signer.h"

namespace {

using o365::base64url;
using o365::compact_json;
using o365::KeySet;
using o365::read_key_set;
using o365::read_token_metadata;
using o365::Signer;

const Signer& one() {
    static const Signer key("one");
    return key;
}

std::string set_of(const std::vector<Json::Value>& keys) {
    Json::Value set;
    set["keys"] = Json::Value(Json::arrayValue);
    for (const Json::Value& key : keys) set["keys"].append(key);
    return compact_json(set);
}
Json::Value changed(const std::function<void(Json::Value&)>& change) {
    Json::Value key = one().json();
    change(key);
    return key;
}
Json::Value other(const std::string& key_id) {
    return changed([&](Json::Value& k) { k["kid"] = key_id; });
}
// How many keys of a set with this one and another are taken.
std::size_t taken(const std::function<void(Json::Value&)>& change) {
    return read_key_set(set_of({changed(change), other("another")})).keys.size();
}
const std::vector<std::string> kHosts = {"keys.example", "localhost:8443"};
std::string metadata(const std::string& issuer, const std::string& address) {
    Json::Value value;
    value["issuer"] = issuer;
    value["jwks_uri"] = address;
    return compact_json(value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(key_set_tests)

BOOST_AUTO_TEST_CASE(a_key_of_a_set_verifies_what_it_signed) {
    const auto document = read_key_set(set_of({one().json()}));
    BOOST_TEST(document.problem == "");
    const KeySet keys(document.keys);
    BOOST_TEST(!keys.empty());
    BOOST_TEST(keys.has("one"));
    BOOST_TEST(!keys.has("two"));
    const std::string signature = one().sign("text");
    BOOST_TEST(keys.verifies("one", "text", signature));
    BOOST_TEST(!keys.verifies("one", "other text", signature));
    BOOST_TEST(!keys.verifies("two", "text", signature));
    BOOST_TEST(!keys.verifies("one", "text", ""));
    BOOST_TEST(!keys.verifies("one", "text", signature + "x"));
    BOOST_TEST(KeySet().empty());
    BOOST_TEST(!KeySet().verifies("one", "text", signature));
}

BOOST_AUTO_TEST_CASE(keys_of_3072_and_4096_bits_are_taken) {
    for (const unsigned int bits : {3072U, 4096U}) {
        const Signer signer("large", bits);
        const KeySet keys(read_key_set(set_of({signer.json()})).keys);
        BOOST_TEST(keys.verifies("large", "text", signer.sign("text")), bits);
    }
}

BOOST_AUTO_TEST_CASE(keys_for_something_else_are_passed_over) {
    BOOST_TEST(taken([](Json::Value&) {}) == 2U);
    BOOST_TEST(taken([](Json::Value& k) { k["kty"] = "EC"; }) == 1U);
    BOOST_TEST(taken([](Json::Value& k) { k["kty"] = "oct"; }) == 1U);
    BOOST_TEST(taken([](Json::Value& k) { k.removeMember("kty"); }) == 1U);
    BOOST_TEST(taken([](Json::Value& k) { k["use"] = "enc"; }) == 1U);
    BOOST_TEST(taken([](Json::Value& k) { k["use"] = 1; }) == 1U);
    BOOST_TEST(taken([](Json::Value& k) { k.removeMember("use"); }) == 2U);
    BOOST_TEST(taken([](Json::Value& k) { k["alg"] = "RS256"; }) == 2U);
    BOOST_TEST(taken([](Json::Value& k) { k["alg"] = "PS256"; }) == 1U);
    BOOST_TEST(taken([](Json::Value& k) { k["key_ops"].append("verify"); }) == 2U);
    BOOST_TEST(taken([](Json::Value& k) { k["key_ops"].append("sign"); }) == 1U);
    BOOST_TEST(taken([](Json::Value& k) { k["d"] = k["n"]; }) == 1U, "a private key that was published");
    BOOST_TEST(taken([](Json::Value& k) { k["issuer"] = "https://issuer.example/"; }) == 2U);
    BOOST_TEST(taken([](Json::Value& k) { k["issuer"] = "with blanks in it"; }) == 1U);
    BOOST_TEST(taken([](Json::Value& k) { k["issuer"] = 1; }) == 1U);
}

BOOST_AUTO_TEST_CASE(keys_that_are_none_are_passed_over) {
    const std::string n = one().modulus();
    const auto with_modulus = [](const std::string& text) { return taken([&](Json::Value& k) { k["n"] = text; }); };
    const auto with_exponent = [](const std::string& bytes) {
        return taken([&](Json::Value& k) { k["e"] = base64url(bytes); });
    };
    BOOST_TEST(taken([](Json::Value& k) { k.removeMember("kid"); }) == 1U);
    BOOST_TEST(taken([](Json::Value& k) { k["kid"] = ""; }) == 1U);
    BOOST_TEST(taken([](Json::Value& k) { k["kid"] = 7; }) == 1U);
    BOOST_TEST(taken([](Json::Value& k) { k["kid"] = std::string(201, 'k'); }) == 1U);
    BOOST_TEST(taken([](Json::Value& k) { k["kid"] = "a b"; }) == 1U);
    BOOST_TEST(taken([](Json::Value& k) { k.removeMember("n"); }) == 1U);
    BOOST_TEST(taken([](Json::Value& k) { k["n"] = Json::Value(Json::arrayValue); }) == 1U);
    BOOST_TEST(with_modulus(base64url(n) + "=") == 1U, "padding");
    BOOST_TEST(with_modulus(base64url(std::string(1, '\0') + n)) == 1U, "a zero before the modulus");
    BOOST_TEST(with_modulus(base64url(n.substr(0, 255))) == 1U, "2040 bits");
    BOOST_TEST(with_modulus(base64url("\x7f" + n.substr(1))) == 1U, "2047 bits");
    BOOST_TEST(with_modulus(base64url(n.substr(0, 255) + "\x02")) == 1U, "an even modulus");
    BOOST_TEST(with_modulus(base64url("\x01" + std::string(1023, '\xff'))) == 2U, "8185 bits");
    BOOST_TEST(with_modulus(base64url("\x01" + std::string(1024, '\xff'))) == 1U, "8193 bits");
    BOOST_TEST(with_modulus(std::string(100000, 'A')) == 1U, "a megabit");
    BOOST_TEST(with_modulus("") == 1U);
    BOOST_TEST(with_exponent("\x03") == 2U);
    BOOST_TEST(with_exponent("\x01") == 1U, "an exponent of 1 signs everything");
    BOOST_TEST(with_exponent("") == 1U);
    BOOST_TEST(with_exponent(std::string(1, '\0')) == 1U);
    BOOST_TEST(with_exponent(std::string("\x01\x00\x00", 3)) == 1U, "an even exponent");
    BOOST_TEST(with_exponent(std::string("\x00\x01\x00\x01", 4)) == 1U, "a zero before the exponent");
    BOOST_TEST(with_exponent("\xff\xff\xff\xff") == 2U);
    BOOST_TEST(with_exponent("\x01\xff\xff\xff\xff") == 1U, "an exponent of 33 bits");
}

BOOST_AUTO_TEST_CASE(a_document_that_is_no_key_set_is_refused) {
    const auto problem = [](const std::string& text) {
        const auto document = read_key_set(text);
        BOOST_TEST(document.keys.empty());
        return document.problem;
    };
    const std::string none = "the document is no JSON Web Key set";
    BOOST_TEST(problem("") == none);
    BOOST_TEST(problem("<html>") == none);
    BOOST_TEST(problem("[]") == none);
    BOOST_TEST(problem("{}") == none);
    BOOST_TEST(problem(R"({"keys":{}})") == none);
    BOOST_TEST(problem(R"({"keys":[],"keys":[]})") == none);
    BOOST_TEST(problem(set_of({one().json()}).substr(1)) == none);
    BOOST_TEST(problem(R"({"keys":[]})") == "the key set has no RSA key of 2048 to 8192 bits for signatures");
    BOOST_TEST(problem(R"({"keys":[1,null,"x",[]]})") ==
               "the key set has no RSA key of 2048 to 8192 bits for signatures");
    BOOST_TEST(problem(set_of({one().json(), one().json()})) == "the key set has two keys of one kid");
    BOOST_TEST(problem(set_of(std::vector<Json::Value>(101, Json::Value("x")))) ==
               "the key set has more than 100 keys");
    BOOST_TEST(problem(set_of({one().json()}) + std::string(o365::kMaxKeyDocument, ' ')) ==
               "the key set is longer than 256 KiB");
    // Of two keys with one id only one may sign: that is no doubt.
    Json::Value elliptic = other("one");
    elliptic["kty"] = "EC";
    BOOST_TEST(read_key_set(set_of({elliptic, one().json()})).keys.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_key_set_that_is_made_of_rubbish_is_empty) {
    const std::vector<o365::JsonWebKey> rubbish = {{"", "", "", ""}, {"a", "AQAB", "AQAB", ""}, {"b", "x", "y", "z"}};
    BOOST_TEST(KeySet(rubbish).empty());
    // Of two with one id, the first stays.
    const Signer second("one");
    const KeySet both(std::vector<o365::JsonWebKey>{one().key(), second.key()});
    BOOST_TEST(both.verifies("one", "text", one().sign("text")));
    BOOST_TEST(!both.verifies("one", "text", second.sign("text")));
}

BOOST_AUTO_TEST_CASE(metadata_names_issuer_and_key_set) {
    const auto good =
        read_token_metadata(metadata("https://issuer.example/{tenantid}/", "https://keys.example/k"), kHosts);
    BOOST_TEST(good.problem == "");
    BOOST_TEST(good.issuer == "https://issuer.example/{tenantid}/");
    BOOST_TEST(good.key_set == "https://keys.example/k");
    const auto problem = [](const std::string& text) { return read_token_metadata(text, kHosts).problem; };
    BOOST_TEST(problem("[]") == "the metadata is no JSON object");
    BOOST_TEST(problem("{") == "the metadata is no JSON object");
    BOOST_TEST(problem("{}") == "the metadata names no issuer");
    BOOST_TEST(problem(R"({"issuer":1,"jwks_uri":"https://keys.example/k"})") == "the metadata names no issuer");
    BOOST_TEST(problem(R"({"issuer":"https://i.example/"})") == "the metadata names no jwks_uri");
    BOOST_TEST(problem(R"({"issuer":"a","issuer":"b","jwks_uri":"https://keys.example/k"})") ==
               "the metadata is no JSON object");
    BOOST_TEST(problem(metadata("two words", "https://keys.example/k")) == "the metadata names no issuer");
    BOOST_TEST(problem(metadata("https://i.example/", "https://keys.example/k") +
                       std::string(o365::kMaxKeyDocument, ' ')) == "the metadata is longer than 256 KiB");
}

BOOST_AUTO_TEST_CASE(keys_come_from_the_hosts_of_the_profile_alone) {
    for (const char* address :
         {"https://keys.example/k", "https://KEYS.example:443/k?p=1", "https://localhost:8443/keys"})
        BOOST_TEST(o365::is_key_address(address, kHosts), address);
    for (const char* address :
         {"http://keys.example/k", "https://keys.example:444/k", "https://localhost/keys", "https://sub.keys.example/k",
          "https://keys.example.evil.example/k", "https://keys.example@evil.example/k",
          "https://evil.example/keys.example", "https://user@keys.example/k", "https://user:pass@keys.example/k",
          "https://keys.example/k#f", "https://evil.example\\@keys.example/k", "https://keys.example/k k",
          "https://169.254.169.254/k", "/k", "", "file:///etc/passwd", "ftp://keys.example/k", "https://",
          "https://keys.example\n/k"}) {
        BOOST_TEST(!o365::is_key_address(address, kHosts), address);
        if (*address == '\0') continue;
        BOOST_TEST(read_token_metadata(metadata("https://i.example/", address), kHosts).problem ==
                       "the metadata's jwks_uri is no https address at a host of the profile",
                   address);
    }
    BOOST_TEST(!o365::is_key_address("https://keys.example/" + std::string(3000, 'k'), kHosts));
    BOOST_TEST(!o365::is_key_address("https://keys.example/k", {}));
}

BOOST_AUTO_TEST_SUITE_END()
