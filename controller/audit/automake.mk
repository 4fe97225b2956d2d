# SPDX-License-Identifier: Apache-2.0
# To add a file: one line here, in alphabetical order.
controller_libzoneward_a_SOURCES += controller/audit/cache.c
controller_libzoneward_a_SOURCES += controller/audit/cache.h
controller_libzoneward_a_SOURCES += controller/audit/create.c
controller_libzoneward_a_SOURCES += controller/audit/create.h
controller_libzoneward_a_SOURCES += controller/audit/db.c
controller_libzoneward_a_SOURCES += controller/audit/db.h
controller_libzoneward_a_SOURCES += controller/audit/gap.c
controller_libzoneward_a_SOURCES += controller/audit/gap.h
controller_libzoneward_a_SOURCES += controller/audit/insert.c
controller_libzoneward_a_SOURCES += controller/audit/insert.h
controller_libzoneward_a_SOURCES += controller/audit/query.c
controller_libzoneward_a_SOURCES += controller/audit/query.h
controller_libzoneward_a_SOURCES += controller/audit/record.h
controller_libzoneward_a_SOURCES += controller/audit/ring.c
controller_libzoneward_a_SOURCES += controller/audit/ring.h
controller_libzoneward_a_SOURCES += controller/audit/schema.h
controller_libzoneward_a_SOURCES += controller/audit/sql.c
controller_libzoneward_a_SOURCES += controller/audit/sql.h
controller_libzoneward_a_SOURCES += controller/audit/store.c
controller_libzoneward_a_SOURCES += controller/audit/store.h
controller_libzoneward_a_SOURCES += controller/audit/time.c
controller_libzoneward_a_SOURCES += controller/audit/upgrade.c
controller_libzoneward_a_SOURCES += controller/audit/upgrade.h
controller_libzoneward_a_SOURCES += controller/audit/writer.c
controller_libzoneward_a_SOURCES += controller/audit/writer.h
nodist_controller_libzoneward_a_SOURCES = schemas/audit-1-to-2-sql.c schemas/audit-sql.c
