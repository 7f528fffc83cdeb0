// Puts right and judges what a person pasted as the address of a Teams Workflows webhook, before anything is stored or
// sent. Used by the pages that take a pasted webhook and by the import of webhooks. Safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "lib/http/url.h"

namespace o365 {

enum class PasteFault {
    none,
    empty,              // nothing but blanks
    too_long,           // over kMaxWebhook bytes
    not_a_url,          // it has no address, or one that cannot be read
    http,               // http:// instead of https://
    teams_link,         // a link to a channel, a message or a meeting in Teams
    flow_page,          // the page on which the workflow is edited
    connector_webhook,  // an Office 365 connector's, which Microsoft has switched off
    no_signature,       // no sig: copied before the workflow was saved, or not open to "Anyone"
    cut_off,            // the end, or the end of the path, is missing
    names_user,         // https://user:password@host
    bad_host            // the host is an IP address or not a host name
};

// The key of the fault's text on pages and in reports: "teams_link"; "" for none.
const char* code_of(PasteFault fault);

struct PastedWebhook {
    PasteFault fault = PasteFault::none;
    std::string text;  // the webhook to store, a secret; empty when there is a fault
    Url url;           // its parts; default-made when there is a fault
};

// Finds the webhook in what was pasted. It removes white space and line breaks in and around it, quotation marks and
// brackets around it, a Markdown or HTML link, words and addresses before it, and a fragment; it writes "&" for
// "&amp;", decodes an address that is encoded as a whole, and takes the address out of a redirect of Outlook's Safe
// Links. Whether webhooks may lie on the host is the database's rule (o365_internal.webhook_dialect).
PastedWebhook parse_pasted_webhook(std::string_view pasted);

}  // namespace o365
