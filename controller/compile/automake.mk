# SPDX-License-Identifier: Apache-2.0
# To add a file: one line here, in alphabetical order.
controller_libzoneward_a_SOURCES += controller/compile/behind.c
controller_libzoneward_a_SOURCES += controller/compile/binding.c
controller_libzoneward_a_SOURCES += controller/compile/classify.c
controller_libzoneward_a_SOURCES += controller/compile/compile-private.h
controller_libzoneward_a_SOURCES += controller/compile/compile.c
controller_libzoneward_a_SOURCES += controller/compile/compile.h
controller_libzoneward_a_SOURCES += controller/compile/conntrack.c
controller_libzoneward_a_SOURCES += controller/compile/deliver.c
controller_libzoneward_a_SOURCES += controller/compile/destination.c
controller_libzoneward_a_SOURCES += controller/compile/guard.c
controller_libzoneward_a_SOURCES += controller/compile/masks.c
controller_libzoneward_a_SOURCES += controller/compile/masks.h
controller_libzoneward_a_SOURCES += controller/compile/output.c
controller_libzoneward_a_SOURCES += controller/compile/rules.c
controller_libzoneward_a_SOURCES += controller/compile/state.c
controller_libzoneward_a_SOURCES += controller/compile/verdict.c
