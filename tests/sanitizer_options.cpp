// Options of a sanitizer build for programs whose environment somebody else makes, as suexec does
// (tests/shared_hosting): what stands in a folder that is there during that test only (tests/sanitizers makes it). The
// environment, where there is one, counts more.

// The runtime calls them before anything of the program is ready; there are as many as a build has sanitizers.
extern "C" {
const char* __asan_default_options();
const char* __lsan_default_options();
const char* __ubsan_default_options();
const char* __tsan_default_options();

const char* __asan_default_options() { return "include_if_exists=/var/www/o365-shared-test/sanitizer/asan"; }
const char* __lsan_default_options() { return "include_if_exists=/var/www/o365-shared-test/sanitizer/lsan"; }
const char* __ubsan_default_options() { return "include_if_exists=/var/www/o365-shared-test/sanitizer/ubsan"; }
const char* __tsan_default_options() { return "include_if_exists=/var/www/o365-shared-test/sanitizer/tsan"; }
}
