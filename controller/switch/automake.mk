# SPDX-License-Identifier: Apache-2.0
# To add a file: one line here, in alphabetical order.
controller_libzoneward_a_SOURCES += controller/switch/counters.c
controller_libzoneward_a_SOURCES += controller/switch/flush.c
controller_libzoneward_a_SOURCES += controller/switch/look.c
controller_libzoneward_a_SOURCES += controller/switch/meters.c
controller_libzoneward_a_SOURCES += controller/switch/ofconn.c
controller_libzoneward_a_SOURCES += controller/switch/ofconn.h
controller_libzoneward_a_SOURCES += controller/switch/stations.c
controller_libzoneward_a_SOURCES += controller/switch/stations.h
controller_libzoneward_a_SOURCES += controller/switch/switch-private.h
controller_libzoneward_a_SOURCES += controller/switch/switch.c
controller_libzoneward_a_SOURCES += controller/switch/switch.h
controller_libzoneward_a_SOURCES += controller/switch/sync.c
