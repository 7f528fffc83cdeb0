#include "lib/http_client/address_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace o365 {
namespace {

struct Range {
    std::uint32_t network;
    int bits;
};

// IANA's special-purpose registry of IPv4, and multicast and reserved space.
constexpr std::array kSpecialIpv4 = {
    Range{0x00000000, 8},  Range{0x0a000000, 8},  Range{0x64400000, 10}, Range{0x7f000000, 8},  Range{0xa9fe0000, 16},
    Range{0xac100000, 12}, Range{0xc0000000, 24}, Range{0xc0000200, 24}, Range{0xc0586300, 24}, Range{0xc0a80000, 16},
    Range{0xc6120000, 15}, Range{0xc6336400, 24}, Range{0xcb007100, 24}, Range{0xe0000000, 4},  Range{0xf0000000, 4},
};

bool is_public_ipv4(std::uint32_t address, bool allow_loopback) {
    if (allow_loopback && address >> 24 == 127) return true;
    for (const Range& range : kSpecialIpv4) {
        if ((address ^ range.network) >> (32 - range.bits) == 0) return false;
    }
    return true;
}

bool is_public_ipv6(const std::array<std::uint8_t, 16>& a, bool allow_loopback) {
    constexpr std::array<std::uint8_t, 16> kLoopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    if (a == kLoopback) return allow_loopback;
    // Only global unicast (2000::/3) is public, except for ranges that carry an IPv4 address (6to4, Teredo) and those
    // for documentation.
    if ((a[0] & 0xe0) != 0x20) return false;
    if (a[0] == 0x20 && a[1] == 0x02) return false;
    if (a[0] == 0x20 && a[1] == 0x01 && (a[2] & 0xfe) == 0) return false;
    if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8) return false;
    if (a[0] == 0x3f && a[1] == 0xff && (a[2] & 0xf0) == 0) return false;
    return true;
}

}  // namespace

bool is_public_address(const sockaddr& address, bool allow_loopback) {
    if (address.sa_family == AF_INET) {
        sockaddr_in ipv4{};
        std::memcpy(&ipv4, &address, sizeof ipv4);
        return is_public_ipv4(ntohl(ipv4.sin_addr.s_addr), allow_loopback);
    }
    if (address.sa_family == AF_INET6) {
        sockaddr_in6 ipv6{};
        std::memcpy(&ipv6, &address, sizeof ipv6);
        std::array<std::uint8_t, 16> bytes{};
        std::memcpy(bytes.data(), &ipv6.sin6_addr, bytes.size());
        return is_public_ipv6(bytes, allow_loopback);
    }
    return false;
}

bool is_loopback_address(const sockaddr& address) {
    // Loopback is the one range that allow_loopback changes.
    return is_public_address(address, true) && !is_public_address(address, false);
}

}  // namespace o365
