# SPDX-License-Identifier: Apache-2.0
# To add a file: one line here, in alphabetical order.
controller_libzoneward_a_SOURCES += controller/base/file.c
controller_libzoneward_a_SOURCES += controller/base/file.h
controller_libzoneward_a_SOURCES += controller/base/log.c
controller_libzoneward_a_SOURCES += controller/base/log.h
controller_libzoneward_a_SOURCES += controller/base/problems.h
controller_libzoneward_a_SOURCES += controller/base/memory.c
controller_libzoneward_a_SOURCES += controller/base/memory.h
controller_libzoneward_a_SOURCES += controller/base/names.c
controller_libzoneward_a_SOURCES += controller/base/names.h
controller_libzoneward_a_SOURCES += controller/base/problems.c
controller_libzoneward_a_SOURCES += controller/base/problems.h
controller_libzoneward_a_SOURCES += controller/base/same.c
controller_libzoneward_a_SOURCES += controller/base/same.h
controller_libzoneward_a_SOURCES += controller/base/sha256.c
controller_libzoneward_a_SOURCES += controller/base/sha256.h
