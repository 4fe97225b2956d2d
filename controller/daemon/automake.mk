# SPDX-License-Identifier: Apache-2.0
# To add a file: one line here, in alphabetical order.
controller_libzoneward_a_SOURCES += controller/daemon/apply.c
controller_libzoneward_a_SOURCES += controller/daemon/bridges.c
controller_libzoneward_a_SOURCES += controller/daemon/daemon-private.h
controller_libzoneward_a_SOURCES += controller/daemon/daemon.c
controller_libzoneward_a_SOURCES += controller/daemon/daemon.h
controller_libzoneward_a_SOURCES += controller/daemon/options.c
controller_libzoneward_a_SOURCES += controller/daemon/options.h
controller_libzoneward_a_SOURCES += controller/daemon/policy-store.c
controller_libzoneward_a_SOURCES += controller/daemon/policy-store.h
controller_libzoneward_a_SOURCES += controller/daemon/sd-notify.c
controller_libzoneward_a_SOURCES += controller/daemon/sd-notify.h
