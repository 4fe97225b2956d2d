# SPDX-License-Identifier: Apache-2.0
# To add a file: one line here, in alphabetical order.
controller_libzoneward_a_SOURCES += controller/control/client.c
controller_libzoneward_a_SOURCES += controller/control/client.h
controller_libzoneward_a_SOURCES += controller/control/connection.c
controller_libzoneward_a_SOURCES += controller/control/connection.h
controller_libzoneward_a_SOURCES += controller/control/explain-json.c
controller_libzoneward_a_SOURCES += controller/control/explain-json.h
controller_libzoneward_a_SOURCES += controller/control/json.c
controller_libzoneward_a_SOURCES += controller/control/json.h
controller_libzoneward_a_SOURCES += controller/control/peer.c
controller_libzoneward_a_SOURCES += controller/control/peer.h
controller_libzoneward_a_SOURCES += controller/control/protocol.c
controller_libzoneward_a_SOURCES += controller/control/protocol.h
controller_libzoneward_a_SOURCES += controller/control/server.c
controller_libzoneward_a_SOURCES += controller/control/server.h
