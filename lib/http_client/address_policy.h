// Which addresses a webhook may lie at (callback-and-fastcgi.md 2.3): what is checked when a connection is opened,
// after all names have been resolved. Pure functions: any thread.
#pragma once

struct sockaddr;

namespace o365 {

// Whether a public webhook may lie at this address: false for loopback, private, link-local, shared, multicast,
// documentation, translated and every other special range of IPv4 and IPv6. `allow_loopback` lets 127.0.0.0/8 and ::1
// pass.
bool is_public_address(const sockaddr& address, bool allow_loopback);

// Whether it is an address of this machine: 127.0.0.0/8 or ::1.
bool is_loopback_address(const sockaddr& address);

}  // namespace o365
