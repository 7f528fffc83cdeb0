// What a person pasted as the address of a Teams Workflows webhook: put right where that is safe, and judged before
// anything is stored or sent. The pages that take a pasted webhook and the import of webhooks ask this one function.
#pragma once

#include <string>
#include <string_view>

#include "lib/http/url.h"

namespace o365 {

enum class PasteFault {
    none,
    empty,              // nothing but blanks
    too_long,           // over kMaxWebhook bytes
    not_a_url,          // no https:// in it, or not readable as an address
    http,               // http:// instead of https://
    teams_link,         // a link to a channel, a message or a meeting in Teams
    flow_page,          // the address of the page on which the workflow is edited
    connector_webhook,  // an Office 365 connector, which Microsoft has switched off
    no_signature,       // no sig: copied before the workflow was saved, or not open to "Anyone"
    cut_off,            // the end, or the end of the path, is missing
    names_user,         // https://user:password@host
    bad_host            // an IP address, or something that is no host name
};

// A word for it that texts of pages and reports are found by: "teams_link"; "" for none.
const char* code_of(PasteFault fault);

struct PastedWebhook {
    PasteFault fault = PasteFault::none;
    std::string text;  // the webhook as it is to be stored; secret; empty when there is a fault
    Url url;           // its parts, when there is no fault
};

// Finds the webhook in what was pasted. Put right: white space and line breaks in and around it, quotation marks and
// brackets around it, a Markdown link or an HTML one, other words and addresses before it, a fragment, "&amp;" for "&",
// an address that is encoded as a whole, and the redirect that Outlook's Safe Links puts before an address. Whether the
// host may be posted to is the database's to judge (o365_internal.webhook_dialect).
PastedWebhook parse_pasted_webhook(std::string_view pasted);

}  // namespace o365
