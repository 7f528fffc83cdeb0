#include "lib/base/version.h"

namespace o365 {

const int kSchema = O365_SCHEMA;
const char* const kVersion = O365_VERSION;

}  // namespace o365
