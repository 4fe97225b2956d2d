dnl SPDX-License-Identifier: Apache-2.0
dnl
dnl ZW_OVS - find an Open vSwitch source tree and the tree it was built in.
dnl
dnl Debian ships no development package of libopenvswitch, and what we use of it (flow_extract, dp-packet.h,
dnl classifier.h, unixctl.h) is in no installed header.  So, as OVN does, build against the tree.
dnl Sets OVS_CPPFLAGS (for ovs-ext only), OVS_LIBS, and OVS_SOURCE and OVS_BUILD as absolute paths.
AC_DEFUN([ZW_OVS], [
    AC_ARG_WITH([ovs-source],
        [AS_HELP_STRING([--with-ovs-source=DIR],
                        [Open vSwitch source tree (default: SRCDIR/build/ovs/openvswitch)])],
        [], [with_ovs_source=$srcdir/build/ovs/openvswitch])
    AC_ARG_WITH([ovs-build],
        [AS_HELP_STRING([--with-ovs-build=DIR],
                        [where Open vSwitch was built (default: its source tree)])],
        [], [with_ovs_build=$with_ovs_source])

    AC_MSG_CHECKING([for the Open vSwitch source tree])
    AS_IF([test -f "$with_ovs_source/include/openvswitch/vlog.h"], [],
          [AC_MSG_ERROR([no Open vSwitch source in $with_ovs_source; give --with-ovs-source, or run ./bootstrap.sh build])])
    OVS_SOURCE=`cd "$with_ovs_source" && pwd`
    AC_MSG_RESULT([$OVS_SOURCE])

    AC_MSG_CHECKING([for libopenvswitch])
    AS_IF([test -f "$with_ovs_build/config.h" && test -f "$with_ovs_build/lib/.libs/libopenvswitch.a"], [],
          [AC_MSG_ERROR([no built libopenvswitch in $with_ovs_build; give --with-ovs-build, or run ./bootstrap.sh build])])
    OVS_BUILD=`cd "$with_ovs_build" && pwd`
    AC_MSG_RESULT([$OVS_BUILD/lib/.libs/libopenvswitch.a])

    dnl What OVS's own configure found is in the .la file; its convenience libraries become plain archives.
    zw_ovs_deps=`$SED -n "s/^dependency_libs='\(.*\)'$/\1/p" "$OVS_BUILD/lib/libopenvswitch.la" |
        $SED 's,/lib/\(libopenvswitch@<:@a-z0-9@:>@*\)\.la,/lib/.libs/\1.a,g'`
    OVS_CPPFLAGS="-isystem $OVS_BUILD -isystem $OVS_BUILD/include -isystem $OVS_BUILD/lib"
    AS_IF([test "$OVS_BUILD" != "$OVS_SOURCE"],
          [OVS_CPPFLAGS="$OVS_CPPFLAGS -isystem $OVS_SOURCE -isystem $OVS_SOURCE/include -isystem $OVS_SOURCE/lib"])
    OVS_LIBS="-Wl,--start-group $OVS_BUILD/lib/.libs/libopenvswitch.a $zw_ovs_deps -Wl,--end-group"

    zw_save_LIBS=$LIBS
    zw_save_CPPFLAGS=$CPPFLAGS
    LIBS="$OVS_LIBS $LIBS"
    CPPFLAGS="$CPPFLAGS $OVS_CPPFLAGS"
    AC_MSG_CHECKING([whether libopenvswitch links])
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[
        #include <config.h>
        #include <flow.h>
        #include <dp-packet.h>
        ]], [[struct flow flow; struct dp_packet p; flow_extract(&p, &flow); return 0;]])],
        [AC_MSG_RESULT([yes])],
        [AC_MSG_RESULT([no])
         AC_MSG_ERROR([libopenvswitch does not link with: $OVS_LIBS (see config.log)])])
    LIBS=$zw_save_LIBS
    CPPFLAGS=$zw_save_CPPFLAGS

    AC_SUBST([OVS_SOURCE])
    AC_SUBST([OVS_BUILD])
    AC_SUBST([OVS_CPPFLAGS])
    AC_SUBST([OVS_LIBS])
])
