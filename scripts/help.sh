# Sourced first by the scripts that people run. --help prints the comment at the head of the script and does nothing
# else; refuse MESSAGE ends with 64, as for an option that the script does not know.
case ${1:-} in
    -h | --help)
        awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0"
        exit 0
        ;;
esac
refuse() {
    echo "${0##*/}: $1; --help says what it takes" >&2
    exit 64
}
# takes_only OPTION... -- "$@": refuses what begins with "-" and is none of the options.
takes_only() {
    local known=()
    while [[ $1 != -- ]]; do known+=("$1"); shift; done
    shift
    local argument
    for argument in "$@"; do
        [[ $argument != -* || " ${known[*]} " = *" $argument "* ]] || refuse "unknown option $argument"
    done
}
