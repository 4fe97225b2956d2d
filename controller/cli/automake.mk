# SPDX-License-Identifier: Apache-2.0
# zoneward: one file per verb.  To add a file: one line here, in alphabetical order.  A library and a short main, so that
# tests link the real code.
noinst_LIBRARIES += controller/cli/libzwcli.a
controller_cli_libzwcli_a_SOURCES =
controller_cli_libzwcli_a_SOURCES += controller/cli/call.c
controller_cli_libzwcli_a_SOURCES += controller/cli/cli.c
controller_cli_libzwcli_a_SOURCES += controller/cli/cli.h
controller_cli_libzwcli_a_SOURCES += controller/cli/exit.h
controller_cli_libzwcli_a_SOURCES += controller/cli/help.c
controller_cli_libzwcli_a_SOURCES += controller/cli/output-csv.c
controller_cli_libzwcli_a_SOURCES += controller/cli/output-json.c
controller_cli_libzwcli_a_SOURCES += controller/cli/output-private.h
controller_cli_libzwcli_a_SOURCES += controller/cli/output-table.c
controller_cli_libzwcli_a_SOURCES += controller/cli/output-text.c
controller_cli_libzwcli_a_SOURCES += controller/cli/output.c
controller_cli_libzwcli_a_SOURCES += controller/cli/output.h
controller_cli_libzwcli_a_SOURCES += controller/cli/verb-audit-query.c
controller_cli_libzwcli_a_SOURCES += controller/cli/verb-drops.c
controller_cli_libzwcli_a_SOURCES += controller/cli/verb-explain.c
controller_cli_libzwcli_a_SOURCES += controller/cli/verb-flows.c
controller_cli_libzwcli_a_SOURCES += controller/cli/verb-help.c
controller_cli_libzwcli_a_SOURCES += controller/cli/verb-policy-apply.c
controller_cli_libzwcli_a_SOURCES += controller/cli/verb-policy-check.c
controller_cli_libzwcli_a_SOURCES += controller/cli/verb-policy-show.c
controller_cli_libzwcli_a_SOURCES += controller/cli/verb-ports.c
controller_cli_libzwcli_a_SOURCES += controller/cli/verb-rules.c
controller_cli_libzwcli_a_SOURCES += controller/cli/verb-sessions.c
controller_cli_libzwcli_a_SOURCES += controller/cli/verb-status.c
controller_cli_libzwcli_a_SOURCES += controller/cli/verb-version.c
controller_cli_libzwcli_a_SOURCES += controller/cli/verb-zones.c
zoneward_SOURCES += controller/cli/main.c
