// The start page: what this is, and where everything stands.
#include "sandbox/sandbox.h"

namespace o365 {

Response home(Sandbox& sandbox, const Request& /*request*/) {
    Json::Value values;
    values["title"] = "Sandbox";
    values["public_url"] = sandbox.setting("public_url");
    return sandbox.page(200, "home", values);
}

}  // namespace o365
