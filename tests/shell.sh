#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# shell - a shell in the demo's playground.  Reads commands from a pipe, too; its exit status is the last command's.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=playground.sh
. "$here/playground.sh"
# shellcheck source=demo-setup.sh
. "$here/demo-setup.sh"

zw_demo_setup && zw_daemon_start "$ZW_DEMO_POLICY" || exit 1

# What the shell inside starts with.
cat >"$ZW_PG/bashrc" <<RC
unset BASH_ENV
ZW_SRCDIR='$ZW_SRCDIR'
. '$here/playground.sh'
. '$here/demo-setup.sh'
PATH='$ZW_BUILDDIR':\$PATH
on() { zw_vm_exec "\$@"; }
vsctl() { zw_vsctl "\$@"; }
ofctl() { zw_ofctl "\$@"; }
appctl() { zw_appctl "\$@"; }
PS1='zoneward\$ '
cd '$ZW_SRCDIR'
RC

if [ -t 0 ]; then
    cat <<'HELP'
VMs: web 10.20.0.11 fd00:20::11, db 10.20.0.12 fd00:20::12, and behind the uplink outside 10.20.9.1 fd00:20:0:9::1
and office 10.20.10.1 fd00:20:0:10::1.  web and outside serve HTTP, db TCP on port 5432, outside DNS.

  on outside curl http://10.20.0.11/        a command on a VM
  zw_vm_add app vnet-app0 10.20.0.20/16 ''  one more VM (see tests/playground.sh for all that there is)
  zoneward status                           and its other verbs
  vsctl show, ofctl dump-flows br0, appctl  the private switch

The policy is doc/examples/demo.yaml; `exit` ends and deletes all of it.
HELP
    bash --rcfile "$ZW_PG/bashrc" -i
else
    BASH_ENV=$ZW_PG/bashrc bash
fi
