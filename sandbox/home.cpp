// The start page: what this is, and who has what.
#include "sandbox/sandbox.h"

namespace o365 {

Response home(Sandbox& sandbox, const Request& /*request*/) {
    Json::Value values;
    values["title"] = "Sandbox";
    values["public_url"] = sandbox.setting("public_url");
    const Rows rows =
        sandbox.database().call("select target_id, person, kind, name, dialect, posts from o365.sandbox_targets()");
    for (int i = 0; i < rows.size(); ++i) {
        Json::Value target;
        target["target_id"] = std::string(rows.text(i, 0));
        target["person"] = std::string(rows.text(i, 1));
        target["name"] = std::string(rows.text(i, 3));
        target["posts"] = std::string(rows.text(i, 5));
        values["targets"].append(target);
    }
    values["none"] = rows.size() == 0;
    return sandbox.page(200, "home", values);
}

}  // namespace o365
