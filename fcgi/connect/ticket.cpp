#include "fcgi/connect/ticket.h"

#include "lib/base/crypto.h"

namespace o365 {
namespace {

constexpr std::size_t kMaxTicket = 200;

}  // namespace

std::string read_ticket(const Parameters& parameters) {
    std::string ticket = parameters.get_or("ticket", "");
    if (ticket.size() > kMaxTicket) throw BadRequest(400, "the ticket is too long");
    return ticket;
}

Value ticket_hash(const std::string& ticket) { return ticket.empty() ? Value() : Value::bytes(sha256(ticket)); }

}  // namespace o365
