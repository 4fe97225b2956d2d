# SPDX-License-Identifier: Apache-2.0
# To add a file: one line here, in alphabetical order.
controller_libzoneward_a_SOURCES += controller/slowpath/address-event.c
controller_libzoneward_a_SOURCES += controller/slowpath/address-event.h
controller_libzoneward_a_SOURCES += controller/slowpath/refusal.c
controller_libzoneward_a_SOURCES += controller/slowpath/refusal.h
controller_libzoneward_a_SOURCES += controller/slowpath/slowpath.c
controller_libzoneward_a_SOURCES += controller/slowpath/slowpath.h
controller_libzoneward_a_SOURCES += controller/slowpath/tally.c
controller_libzoneward_a_SOURCES += controller/slowpath/tally.h
