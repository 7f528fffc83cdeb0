// The start page: what the sandbox is, and where everything is.
#include "sandbox/sandbox.h"

namespace o365 {

Response home(Sandbox& sandbox, const Request& /*request*/) {
    Json::Value values;
    values["title"] = "Sandbox";
    values["public_url"] = sandbox.setting("public_url");
    return sandbox.page(200, "home", values);
}

}  // namespace o365
