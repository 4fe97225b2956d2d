#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# lint - what can be said about the sources without running them; `make lint` and a part of `make check`.
#
# Speaks TAP: a case for each kind of finding, and the findings as comments in front of it.
set -uo pipefail

cd "${ZW_SRCDIR:-$(dirname "$0")/..}" || exit 99
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
status=0

# report NAME FILE: passes if FILE, with the findings, is empty.
report() {
    number=$((number + 1))
    if [ -s "$2" ]; then
        sed 's/^/# /' "$2"
        echo "not ok $number - $1"
        status=1
    else
        echo "ok $number - $1"
    fi
}

files() { find . \( -path ./build -o -path ./build-aux -o -path ./_build -o -path ./_inst -o -path ./.git -o -path ./autom4te.cache \) -prune \
    -o -type f \( "$@" \) -print | sed 's,^\./,,' | LC_ALL=C sort; }

c_files() { files -name '*.c' -o -name '*.h'; }

# ROOM: what its files may include.  Dependencies point one way: control, switch, slowpath, audit, then compile, then
# policy.  A record of what happened (audit/record.h) is a value that everything above compile/ may make.
layers='
ovs-ext             ovs-ext controller/base
controller/base     controller/base
controller/policy   ovs-ext controller/base controller/policy
controller/compile  ovs-ext controller/base controller/policy controller/compile
controller/audit    ovs-ext controller/base controller/policy controller/compile controller/audit
controller/switch   ovs-ext controller/base controller/policy controller/compile controller/audit controller/switch
controller/slowpath ovs-ext controller/base controller/policy controller/compile controller/audit controller/slowpath
controller/control  ovs-ext controller/base controller/policy controller/compile controller/audit controller/control
controller/daemon   ovs-ext controller/base controller/policy controller/compile controller/audit controller/switch controller/slowpath controller/control controller/daemon
controller/cli      ovs-ext controller/base controller/policy controller/audit controller/control controller/cli
controller          controller/base controller/daemon ovs-ext
'

# LIBRARY HEADERS (extended regular expression): the only rooms that may include them.
libraries='
(lib/|openvswitch/|openflow/)   ovs-ext
sqlite3\.h                      controller/audit
(event2/|event\.h)              controller/switch controller/slowpath controller/control controller/daemon
yaml\.h                         controller/policy controller/daemon controller/cli
'

# Prints "FILE:LINE ROOM HEADER" for each #include of the sources of our two trees.
includes() {
    local f
    c_files | grep -E '^(ovs-ext|controller)/' | while read -r f; do
        awk -v file="$f" -v room="$(dirname "$f")" '
            match($0, /^# *include *[<"][^>"]+/) {
                h = substr($0, RSTART, RLENGTH); quoted = h ~ /"/; sub(/^[^<"]*[<"]/, "", h)
                print file ":" NR, room, h, quoted ? "quoted" : "angle"
            }' "$f"
    done
}

check_layers() {
    awk -v layers="$layers" -v libraries="$libraries" '
        BEGIN {
            n = split(layers, line, "\n")
            for (i = 1; i <= n; i++) {
                m = split(line[i], word, " ")
                if (m) rooms[word[1]] = 1
                for (j = 2; j <= m; j++) allowed[word[1], word[j]] = 1
            }
            n_libraries = split(libraries, line, "\n")
            for (i = 1; i <= n_libraries; i++) {
                m = split(line[i], word, " ")
                pattern[i] = m ? "^" word[1] : ""
                for (j = 2; j <= m; j++) may[i, word[j]] = 1
            }
        }
        {
            if (!($2 in rooms)) { print $1 ": " $2 "/ is in no layer (see tests/lint.sh)"; next }
            for (i = 1; i <= n_libraries; i++)
                if (pattern[i] != "" && $3 ~ pattern[i] && !((i, $2) in may))
                    print $1 ": " $2 "/ may not include <" $3 ">"
            if ($4 != "quoted") next
            if ($3 == "zw-config.h") {
                if ($2 == "ovs-ext") print $1 ": ovs-ext/ has <config.h> of OVS, not zw-config.h"
                next
            }
            if ($2 != "ovs-ext" && $3 == "config.h") print $1 ": <config.h> is the one of OVS"
            target = $3
            sub(/\/[^\/]*$/, "", target)
            if ($2 == "ovs-ext" && target ~ /^(lib|openvswitch|openflow)$/) {
                if ($1 ~ /\.h:/ && $1 !~ /-private\.h:/) print $1 ": only .c files and -private.h of ovs-ext/ may include \"" $3 "\""
            } else if (!(target in rooms)) print $1 ": \"" $3 "\" is not written from the top of the tree"
            else if (!(($2, target) in allowed)) print $1 ": " $2 "/ may not use " target "/ (" $3 ")"
        }' <(includes)
}

check_lengths() { c_files | xargs wc -l | awk '$2 != "total" && $1 > 600 {print $2 ": " $1 " lines; 600 is the limit"}'; }

# A file that no automake.mk names is missing from a release.
check_listed() {
    local f base
    files -name automake.mk -o -name Makefile.am | xargs cat >"$work/makefiles"
    { c_files; files -name '*.sql' -o -name '*.[1-9]' -o -path './tests/*' \( -name '*.sh' -o -name '*.py' \) -o \
        -path './schemas/*.json'; } | while read -r f; do
        base=$f
        case $f in tests/*.c) base="${f%.c}(\\.c)?" ;; esac # automake finds the source of such a program by its name.
        grep -qE "(^|[[:space:]=])(\\$\\(srcdir\\)/)?$base(\\$\\(EXEEXT\\))?([[:space:]]|$)" "$work/makefiles" ||
            echo "$f: no automake.mk lists it"
    done
    sed -n 's/^EXTRA_DIST += //p' "$work/makefiles" | tr ' ' '\n' | while read -r f; do
        case $f in *\$*) continue ;; esac
        [ -e "$f" ] || echo "$f: an automake.mk lists it, and it is not there"
    done
}

check_licence() { c_files | while read -r f; do head -n 1 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$f:1: no licence line"; done; }

check_format() { c_files | xargs clang-format --dry-run 2>&1 | grep -E 'warning|error' | head -n 40; }

# Suppressed: what follows only from not seeing the libraries' headers: unknown macros, missing includes, and in
# ovs-ext/ loop variables that HMAP_FOR_EACH and the like set (the compiler, which sees them, warns of real ones).
check_cppcheck() {
    local cache=()
    if [ -n "${ZW_BUILDDIR-}" ]; then
        mkdir -p "$ZW_BUILDDIR/tests/cppcheck"
        cache=(--cppcheck-build-dir="$ZW_BUILDDIR/tests/cppcheck")
    fi
    c_files | grep -E '^(ovs-ext|controller)/.*\.c$' >"$work/c-files"
    # Of <sys/queue.h>, which it does not see either, what has no sense as a function call.
    printf '%s\n' '#define STAILQ_HEAD(name, type) struct name { struct type *first; }' \
        '#define STAILQ_ENTRY(type) struct { struct type *next; }' >"$work/macros.h"
    cppcheck --quiet --std=c11 --enable=warning,portability,performance --inline-suppr "${cache[@]}" \
        --suppress=unknownMacro --suppress='uninitvar:ovs-ext/*' --suppress=missingInclude --suppress=missingIncludeSystem \
        --suppress=normalCheckLevelMaxBranches --suppress=checkersReport \
        --include="$work/macros.h" -I. -j2 --template='{file}:{line}: {id}: {message}' --file-list="$work/c-files" 2>&1
}

check_scripts() {
    local scripts
    mapfile -t scripts < <(files -name '*.sh'; echo .ci/run)
    if [ ! -e .ci/run ]; then unset 'scripts[-1]'; fi
    shellcheck -f gcc "${scripts[@]}"
    files -name '*.py' | while read -r f; do
        "${PYTHON:-python3}" -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$f" 2>&1
    done
}

check_man() { files -name '*.[1-9]' | xargs -r mandoc -T lint -W warning 2>&1; }

# has_case SCRIPT ' "NAME"': a line of its own, or of a table ("lie", "truth").
has_case() {
    local row=${2#\ \"}
    row=${row%\"}
    grep -qF "zw_case$2" "$1" || grep -qE "^${row%%: *} +'\*?${row#*: } *\|" "$1"
}

# Documents name files that exist, and doc/testing.md names every test that is a script.  doc/conformance.md names cases.
check_documents() {
    local f path name
    for f in README.md doc/*.md; do
        grep -oE '(^|[^A-Za-z0-9_./-])(controller|doc|m4|ovs-ext|schemas|tests)/[A-Za-z0-9_./-]+\.(awk|c|h|json|m4|md|ports|py|service|sh|sql|yaml|[1-9])' "$f" |
            sed 's/^[^a-z]//' | sort -u | while read -r path; do
            case $path in */NAME.* | */test-NAME.*) continue ;; esac
            [ -e "$path" ] || echo "$f: there is no $path"
        done
    done
    grep -oE 'tests/system/[a-z0-9-]+\.sh: "[^"]+"' doc/conformance.md | while IFS=: read -r path name; do
        has_case "$path" "$name" || echo "doc/conformance.md: $path has no case$name"
    done
    for path in tests/system/*.sh tests/golden/*.sh tests/golden/*.py; do
        grep -qF "$path" doc/testing.md || [ "$path" = tests/system/tap.sh ] || echo "doc/testing.md: says nothing of $path"
    done
}

run() {
    local name=$1
    shift
    "$@" >"$work/findings"
    report "$name" "$work/findings"
}

run "layers: dependencies point one way" check_layers
run "every file is in an automake.mk" check_listed
run "every source names its licence" check_licence
run "no file is over 600 lines" check_lengths
run "formatting (clang-format)" check_format
run "cppcheck" check_cppcheck
run "scripts (shellcheck)" check_scripts
run "man pages (mandoc)" check_man
run "documents name what exists" check_documents
echo "1..$number"
exit "$status"
