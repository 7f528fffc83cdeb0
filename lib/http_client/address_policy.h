// Which IP addresses a webhook may have (callback-and-fastcgi.md 2.3). Checked when a connection is opened, after names
// have been resolved. Safe from any thread.
#pragma once

struct sockaddr;

namespace o365 {

// Whether an address is public: false for loopback, private, link-local, shared, multicast, documentation, translated
// and every other special range of IPv4 and IPv6, and for other families. With `allow_loopback`, 127.0.0.0/8 and ::1
// count as public.
bool is_public_address(const sockaddr& address, bool allow_loopback);

// Whether an address is 127.0.0.0/8 or ::1.
bool is_loopback_address(const sockaddr& address);

}  // namespace o365
